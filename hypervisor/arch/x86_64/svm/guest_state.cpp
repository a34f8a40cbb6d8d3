#include "arch/x86_64/svm/virtual_processor.hpp"
#include "base/contract.hpp"

namespace ovm::arch
{

using namespace svm;

namespace
{

constexpr std::uint64_t cr0_extension_type = bit(4);
constexpr std::uint64_t cr0_cache_bits = bit(29) | bit(30);
constexpr std::uint64_t cr0_paging = bit(31);
constexpr std::uint64_t cr0_protection = bit(0);
constexpr std::uint64_t cr0_write_protect = bit(16);
constexpr std::uint64_t cr0_not_write_through = bit(29);
constexpr std::uint64_t cr0_cache_disable = bit(30);
/// PE, MP, EM, TS, NE, WP, AM, NW, CD, PG (APM volume 2, 3.1.1). ET always reads as one; the rest of the low half
/// ignores writes.
constexpr std::uint64_t cr0_writable = mask(0, 4) | bit(5) | cr0_write_protect | bit(18) | mask(29, 3);
constexpr std::uint64_t cr4_pae = bit(5);
constexpr std::uint64_t efer_lme = bit(8);
constexpr std::uint64_t rflags_vm = bit(17);
constexpr std::uint64_t power_on_pat = 0x0007'0406'0007'0406; // APM volume 2, 7.8.2

// In the packed form of a descriptor, as after reset (APM volume 2, table 14-1).
constexpr std::uint16_t code_attributes = 0x09B;
constexpr std::uint16_t data_attributes = 0x093;
constexpr std::uint16_t ldt_attributes = 0x082;
constexpr std::uint16_t busy_tss_attributes = 0x08B;
constexpr std::uint16_t code_default_32 = 1U << 10;

enum Msr_number : std::uint32_t
{
    sysenter_cs = 0x174,
    sysenter_esp = 0x175,
    sysenter_eip = 0x176,
    spec_ctrl = 0x48,
    pat = 0x277,
    xss = 0xDA0,
    efer = 0xC000'0080,
    star = 0xC000'0081,
    lstar = 0xC000'0082,
    cstar = 0xC000'0083,
    sfmask = 0xC000'0084,
    fs_base = 0xC000'0100,
    gs_base = 0xC000'0101,
    kernel_gs_base = 0xC000'0102,
    tsc_aux_number = 0xC000'0103,
};

constexpr bool is_canonical(std::uint64_t address)
{
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(address << 16) >> 16) == address;
}

/// Memory types that exist: UC, WC, WT, WP, WB, UC- (APM volume 2, 7.8.1).
constexpr bool is_valid_pat(std::uint64_t value)
{
    for (unsigned entry = 0; entry < 8; ++entry)
    {
        auto const type = field(value, entry * 8, 8);
        if (type > 7 || type == 2 || type == 3)
            return false;
    }
    return true;
}

/// XSETBV's conditions (APM volume 2, 11.5.2).
constexpr bool is_valid_xcr0(std::uint64_t value, std::uint64_t offered)
{
    constexpr std::uint64_t x87 = bit(0), sse = bit(1), avx = bit(2), bounds = bit(3) | bit(4),
                            avx512 = bit(5) | bit(6) | bit(7);
    if ((value & x87) == 0 || (value & ~offered) != 0)
        return false;
    if ((value & avx) != 0 && (value & sse) == 0)
        return false;
    if ((value & bounds) != 0 && (value & bounds) != bounds)
        return false;
    return (value & avx512) == 0 || ((value & avx512) == avx512 && (value & avx) != 0);
}

Segment State_area::* segment_member(Segment_name name)
{
    switch (name)
    {
    case Segment_name::es:
        return &State_area::es;
    case Segment_name::cs:
        return &State_area::cs;
    case Segment_name::ss:
        return &State_area::ss;
    case Segment_name::ds:
        return &State_area::ds;
    case Segment_name::fs:
        return &State_area::fs;
    case Segment_name::gs:
        return &State_area::gs;
    case Segment_name::ldtr:
        return &State_area::ldtr;
    case Segment_name::tr:
        return &State_area::tr;
    case Segment_name::gdtr:
        return &State_area::gdtr;
    case Segment_name::idtr:
        return &State_area::idtr;
    }
    OVM_UNREACHABLE("every segment is listed");
}

} // namespace

void Virtual_processor::set_up_control_area()
{
    auto& control = vmcb_.control;
    // #DB and #AC: delivering one may raise it again, without end and without taking an interrupt (XSA-156).
    control.exceptions = 1U << 1 | 1U << 17 | 1U << 18;
    // CR0, but for TS and MP: QEMU 7.2 checks nothing of what a guest writes there, and VMRUN then refuses its state.
    control.intercepts1 = intercept1::intr | intercept1::nmi | intercept1::init | intercept1::cr0_selective_write |
                          intercept1::rdpmc | intercept1::cpuid | intercept1::rsm | intercept1::invd | intercept1::hlt |
                          intercept1::invlpga | intercept1::ports | intercept1::msrs | intercept1::task_switch |
                          intercept1::shutdown;
    control.intercepts2 = intercept2::vmrun | intercept2::vmmcall | intercept2::vmload | intercept2::vmsave |
                          intercept2::stgi | intercept2::clgi | intercept2::skinit | intercept2::icebp |
                          intercept2::wbinvd | intercept2::monitor | intercept2::mwait | intercept2::xsetbv |
                          intercept2::rdpru;
    auto const maps = hardware::permission_maps();
    control.port_map = maps.ports.value();
    control.msr_map = maps.msrs.value();
    control.virtual_interrupt = virtual_interrupt::masking;
    control.nested_paging = 1;
    control.clean_bits = 0;
}

void Virtual_processor::reset(Reset kind)
{
    auto& state = vmcb_.state;
    registers_ = {};
    set(Register::rdx, signature_);
    state.rip = 0xFFF0;
    state.rflags = rflags_fixed;
    reset_segments();
    auto const cache_bits = kind == Reset::power_on ? cr0_cache_bits : state.cr0 & cr0_cache_bits;
    state.cr0 = cr0_extension_type | cache_bits;
    state.cr2 = 0;
    state.cr3 = 0;
    state.cr4 = 0;
    state.efer = efer_svme;
    state.dr6 = 0xFFFF'0FF0;
    state.dr7 = 0x400;
    // Everything that is not in the VMCB is at rest in this object now.
    if (loaded_on_ != nullptr)
        store_extended_state(*loaded_on_);
    debug_addresses_ = {};
    if (kind == Reset::power_on)
    {
        state.star = state.lstar = state.cstar = state.sfmask = state.kernel_gs_base = 0;
        state.sysenter_cs = state.sysenter_esp = state.sysenter_eip = 0;
        state.pat = power_on_pat;
        xcr0_ = 1;
        tsc_aux_ = 0;
        speculation_control_ = 0;
        reset_extended_state();
    }
    vmcb_.control.event_injection = 0;
    vmcb_.control.interrupt_shadow = 0;
    vmcb_.control.intercepts1 &= ~intercept1::iret;
    nmi_masked_ = false;
    nmi_return_ = ~std::uint64_t{0};
    cancel_interrupt_window();
    set_task_priority(0);
    vmcb_.control.clean_bits = 0;
    forget_translations();
}

void Virtual_processor::reset_segments()
{
    auto& state = vmcb_.state;
    state.cs = {0xF000, code_attributes, 0xFFFF, 0xFFFF'0000};
    for (auto* const data : {&state.ds, &state.es, &state.fs, &state.gs, &state.ss})
        *data = {0, data_attributes, 0xFFFF, 0};
    state.gdtr = {0, 0, 0xFFFF, 0};
    state.idtr = {0, 0, 0xFFFF, 0};
    state.ldtr = {0, ldt_attributes, 0xFFFF, 0};
    state.tr = {0, busy_tss_attributes, 0xFFFF, 0};
    state.cpl = 0;
}

void Virtual_processor::start(std::uint8_t vector)
{
    vmcb_.state.cs = {static_cast<std::uint16_t>(vector << 8), code_attributes, 0xFFFF, std::uint64_t{vector} << 12};
    vmcb_.state.rip = 0;
    touched(clean::segments);
}

Segment Virtual_processor::segment(Segment_name name) const
{
    return vmcb_.state.*segment_member(name);
}

void Virtual_processor::set_segment(Segment_name name, const Segment& value)
{
    vmcb_.state.*segment_member(name) = value;
    if (name == Segment_name::ss)
        vmcb_.state.cpl = static_cast<std::uint8_t>(field(value.attributes, 5, 2));
    touched(clean::segments | clean::descriptor_tables);
}

void Virtual_processor::set_cr2(std::uint64_t value)
{
    vmcb_.state.cr2 = value;
    touched(clean::cr2);
}

void Virtual_processor::set_dr6(std::uint64_t value)
{
    vmcb_.state.dr6 = value;
    touched(clean::debug_registers);
}

void Virtual_processor::set_dr7(std::uint64_t value)
{
    vmcb_.state.dr7 = value;
    touched(clean::debug_registers);
}

instruction::Mode Virtual_processor::legacy_mode() const
{
    using enum instruction::Mode;
    auto const& state = vmcb_.state;
    if ((state.cr0 & cr0_protection) == 0 || (state.rflags & rflags_vm) != 0)
        return real16;
    return (state.cs.attributes & code_default_32) != 0 ? protected32 : protected16;
}

std::uint64_t Virtual_processor::xcr0() const
{
    return loaded_on_ != nullptr && xcr0_mask_ != 0 ? hardware::xcr0() : xcr0_;
}

bool Virtual_processor::set_xcr0(std::uint64_t value)
{
    if (privilege_level() != 0 || get(Register::rcx) << 32 != 0 || !is_valid_xcr0(value, xcr0_mask_))
        return false;
    xcr0_ = value;
    if (loaded_on_ != nullptr)
        hardware::set_xcr0(value);
    return true;
}

Result<> Virtual_processor::write_cr0(std::uint64_t value)
{
    auto const& state = vmcb_.state;
    auto const changed = state.cr0 ^ value;
    bool const on = (value & cr0_paging) != 0;
    bool const long_mode = (state.efer & efer_lme) != 0;
    if (value >> 32 != 0 || (on && (value & cr0_protection) == 0))
        return Error::denied;
    if ((value & (cr0_not_write_through | cr0_cache_disable)) == cr0_not_write_through)
        return Error::denied;
    if ((changed & cr0_paging) != 0)
    {
        if (on && long_mode && ((state.cr4 & cr4_pae) == 0 || (state.cs.attributes & code_long) != 0))
            return Error::denied;
        if (!on && is_long64())
            return Error::denied;
        set_efer(on && long_mode ? efer() | efer_lma : efer() & ~efer_lma);
    }
    set_cr0((value & cr0_writable) | cr0_extension_type);
    // Each of these makes the processor forget its translations (APM volume 2, 5.5.2).
    if ((changed & (cr0_paging | cr0_write_protect | cr0_protection)) != 0)
        forget_translations();
    return {};
}

Result<> Virtual_processor::write_efer(std::uint64_t value)
{
    auto const old = efer();
    if ((value & ~(efer_mask_ | efer_lma)) != 0)
        return Error::denied;
    if (((value ^ old) & efer_lme) != 0 && (vmcb_.state.cr0 & cr0_paging) != 0)
        return Error::denied;
    set_efer((value & ~efer_lma) | (old & efer_lma));
    return {};
}

Result<std::uint64_t> Virtual_processor::read_msr(std::uint32_t msr) const
{
    auto const& state = vmcb_.state;
    switch (msr)
    {
    case Msr_number::efer:
        return efer();
    case pat:
        return state.pat;
    case star:
        return state.star;
    case lstar:
        return state.lstar;
    case cstar:
        return state.cstar;
    case sfmask:
        return state.sfmask;
    case fs_base:
        return state.fs.base;
    case gs_base:
        return state.gs.base;
    case kernel_gs_base:
        return state.kernel_gs_base;
    case sysenter_cs:
        return state.sysenter_cs;
    case sysenter_esp:
        return state.sysenter_esp;
    case sysenter_eip:
        return state.sysenter_eip;
    case tsc_aux_number:
        return has_tsc_aux_ ? Result<std::uint64_t>(tsc_aux_) : Error::denied;
    case spec_ctrl:
        return speculation_control_mask_ != 0 ? Result<std::uint64_t>(speculation_control_) : Error::denied;
    case xss:
        return std::uint64_t{0};
    default:
        return Error::not_found;
    }
}

Result<> Virtual_processor::write_msr(std::uint32_t msr, std::uint64_t value)
{
    auto& state = vmcb_.state;
    auto const put_address = [value](std::uint64_t& into) -> Result<>
    {
        if (!is_canonical(value))
            return Error::denied;
        into = value;
        return {};
    };
    switch (msr)
    {
    case Msr_number::efer:
        return write_efer(value);
    case pat:
        if (!is_valid_pat(value))
            return Error::denied;
        state.pat = value;
        touched(clean::nested_paging);
        return {};
    // What VMLOAD and VMSAVE move has no clean bit.
    case star:
        state.star = value;
        return {};
    case lstar:
        return put_address(state.lstar);
    case cstar:
        return put_address(state.cstar);
    case sfmask:
        state.sfmask = low_bytes(value, 4);
        return {};
    case fs_base:
        return put_address(state.fs.base);
    case gs_base:
        return put_address(state.gs.base);
    case kernel_gs_base:
        return put_address(state.kernel_gs_base);
    case sysenter_cs:
        state.sysenter_cs = low_bytes(value, 4);
        return {};
    case sysenter_esp:
        return put_address(state.sysenter_esp);
    case sysenter_eip:
        return put_address(state.sysenter_eip);
    case tsc_aux_number:
        if (!has_tsc_aux_ || value >> 32 != 0)
            return Error::denied;
        tsc_aux_ = value;
        if (loaded_on_ != nullptr)
            hardware::set_tsc_aux(value);
        return {};
    case spec_ctrl:
        if (speculation_control_mask_ == 0 || (value & ~speculation_control_mask_) != 0)
            return Error::denied;
        speculation_control_ = value;
        not_ready();
        return {};
    case xss:
        return value == 0 ? Result<>() : Error::denied;
    default:
        return Error::not_found;
    }
}

} // namespace ovm::arch
