#include "interface/call/msr.hpp"

#include "arch/processor.hpp"
#include "base/bits.hpp"

namespace ovm::interface
{

namespace
{

constexpr std::uint32_t tsc = 0x10;
constexpr std::uint32_t apic_base = 0x1b;
constexpr std::uint32_t tsc_adjust = 0x3b;
constexpr std::uint32_t patch_level = 0x8b;
constexpr std::uint32_t mtrr_capabilities = 0xfe;
constexpr std::uint32_t mcg_capabilities = 0x179;
constexpr std::uint32_t mcg_status = 0x17a;
constexpr std::uint32_t debug_control = 0x1d9;
constexpr std::uint32_t last_branch_first = 0x1db;
constexpr std::uint32_t last_branch_last = 0x1de;
constexpr std::uint32_t mtrr_variable = 0x200;
constexpr std::uint32_t mtrr_default = 0x2ff;
constexpr std::uint32_t tsc_deadline = 0x6e0;
constexpr std::uint32_t k7_event_first = 0xc001'0000;
constexpr std::uint32_t k7_event_last = 0xc001'0007;
constexpr std::uint32_t system_configuration = 0xc001'0010;
constexpr std::uint32_t hardware_configuration = 0xc001'0015;
constexpr std::uint32_t top_of_memory = 0xc001'001a;
constexpr std::uint32_t top_of_memory_2 = 0xc001'001d;
constexpr std::uint32_t north_bridge = 0xc001'001f;
constexpr std::uint32_t interrupt_pending = 0xc001'0055;
constexpr std::uint32_t pstate_limit = 0xc001'0061;
constexpr std::uint32_t configuration_base = 0xc001'0058;
constexpr std::uint32_t smm_base = 0xc001'0111;
constexpr std::uint32_t smm_mask = 0xc001'0113;
constexpr std::uint32_t vm_control = 0xc001'0114;
constexpr std::uint32_t load_store_configuration = 0xc001'1020;
constexpr std::uint32_t bus_unit_configuration_2 = 0xc001'102a;
constexpr std::uint32_t decode_configuration = 0xc001'1029;

/// 8 variable ranges, fixed ranges, write combining (APM volume 2, 7.7.2).
constexpr std::uint64_t mtrr_capabilities_value = 8 | bit(8) | bit(10);
constexpr std::uint64_t mtrrs_enabled = bit(11);
constexpr std::uint64_t write_back = 6;
constexpr std::uint64_t svm_disabled_and_locked = bit(4) | bit(3);
/// HWCR: the time-stamp counter counts at the P0 frequency (TscFreqSel).
constexpr std::uint64_t counts_at_p0 = bit(24);

/// The fixed-range MTRRs in the order of their addresses (APM volume 2, table 7-8).
constexpr std::array<std::uint32_t, 11> fixed_ranges{0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                                                     0x26b, 0x26c, 0x26d, 0x26e, 0x26f};

constexpr std::size_t fixed_index(std::uint32_t msr)
{
    std::size_t index = 0;
    while (index < fixed_ranges.size() && fixed_ranges[index] != msr)
        ++index;
    return index;
}

constexpr bool is_memory_type(std::uint64_t type)
{
    return type == 0 || type == 1 || type == 4 || type == 5 || type == 6;
}

constexpr bool are_memory_types(std::uint64_t eight)
{
    for (unsigned i = 0; i < 8; ++i)
    {
        if (!is_memory_type(field(eight, i * 8, 8)))
            return false;
    }
    return true;
}

constexpr bool in_range(std::uint32_t msr, std::uint32_t first, std::uint32_t count)
{
    return msr - first < count;
}

} // namespace

Result<> Msr_policy::attach(std::uint32_t vcpu, Local_apic& apic, Guest_time& time, Paravirtual& paravirtual)
{
    if (vcpu >= vcpus_.size())
        return Error::full;
    auto& msrs = vcpus_[vcpu];
    msrs.apic = &apic;
    msrs.time = &time;
    msrs.paravirtual = &paravirtual;
    msrs.hardware_configuration = counts_at_p0;
    msrs.default_type = mtrrs_enabled | write_back; // as firmware would leave it: without, Linux gives up PAT too
    return {};
}

Result<std::uint64_t> Msr_policy::read_msr(processor::Vcpu& vcpu, std::uint32_t msr)
{
    auto& msrs = vcpus_[vcpu.index().value()];
    if (in_range(msr, Local_apic::first_msr, Local_apic::msr_count))
        return msrs.apic->read_msr(msr);
    switch (msr)
    {
    case apic_base:
        return msrs.apic->base();
    case tsc_deadline:
        return msrs.apic->deadline();
    case tsc:
        return msrs.time->guest(arch::time_stamp()).value();
    case tsc_adjust:
        return msrs.time->adjustment();
    default:
        break;
    }
    auto const own = vcpu.state().read_msr(msr);
    if (own || own.error() != Error::not_found)
        return own;
    return read_other(vcpu, msrs, msr);
}

Result<> Msr_policy::write_msr(processor::Vcpu& vcpu, std::uint32_t msr, std::uint64_t value)
{
    auto& msrs = vcpus_[vcpu.index().value()];
    if (in_range(msr, Local_apic::first_msr, Local_apic::msr_count))
        return msrs.apic->write_msr(msr, value);
    switch (msr)
    {
    case apic_base:
        return msrs.apic->write_base(value);
    case tsc_deadline:
        msrs.apic->set_deadline(value);
        return {};
    case tsc:
        return move_time(vcpu, msrs, value - msrs.time->guest(arch::time_stamp()).value());
    case tsc_adjust:
        return move_time(vcpu, msrs, value - msrs.time->adjustment());
    default:
        break;
    }
    auto const own = vcpu.state().write_msr(msr, value);
    if (own || own.error() != Error::not_found)
        return own;
    return write_other(vcpu, msrs, msr, value);
}

Result<> Msr_policy::move_time(processor::Vcpu& vcpu, Vcpu_msrs& msrs, std::uint64_t difference)
{
    msrs.time->adjust_by(difference);
    vcpu.state().set_tsc_offset(msrs.time->offset());
    msrs.apic->time_changed();
    msrs.paravirtual->time_changed();
    return {};
}

Result<std::uint64_t> Msr_policy::read_other(processor::Vcpu&, Vcpu_msrs& msrs, std::uint32_t msr)
{
    if (in_range(msr, mtrr_variable, 16))
        return msrs.variable_ranges[msr - mtrr_variable];
    if (auto const index = fixed_index(msr); index < fixed_ranges.size())
        return msrs.fixed_ranges[index];
    if (in_range(msr, Paravirtual::first_msr, 5) || msr == Paravirtual::wall_clock_old ||
        msr == Paravirtual::system_time_old)
        return msrs.paravirtual->read_msr(msr);
    if (msr >= k7_event_first && msr <= k7_event_last)
        return std::uint64_t{0};
    if (msr >= last_branch_first && msr <= last_branch_last)
        return std::uint64_t{0};
    switch (msr)
    {
    case mtrr_capabilities:
        return mtrr_capabilities_value;
    case mtrr_default:
        return msrs.default_type;
    case hardware_configuration:
        return msrs.hardware_configuration;
    case decode_configuration:
        return msrs.decode_configuration;
    case system_configuration:
        return msrs.system_configuration;
    case vm_control:
        return svm_disabled_and_locked;
    case patch_level:
    case mcg_capabilities:
    case mcg_status:
    case debug_control:
    case top_of_memory:
    case top_of_memory_2:
    case north_bridge:
    case interrupt_pending:
    case pstate_limit:
    case configuration_base:
    case smm_base:
    case smm_base + 1:
    case smm_mask:
    case load_store_configuration:
    case bus_unit_configuration_2:
        return std::uint64_t{0};
    default:
        return Error::denied;
    }
}

Result<> Msr_policy::write_other(processor::Vcpu& vcpu, Vcpu_msrs& msrs, std::uint32_t msr, std::uint64_t value)
{
    if (in_range(msr, mtrr_variable, 16))
    {
        if (msr % 2 == 0 && !is_memory_type(value & 0xff))
            return Error::denied;
        msrs.variable_ranges[msr - mtrr_variable] = value;
        return {};
    }
    if (auto const index = fixed_index(msr); index < fixed_ranges.size())
    {
        if (!are_memory_types(value))
            return Error::denied;
        msrs.fixed_ranges[index] = value;
        return {};
    }
    if (in_range(msr, Paravirtual::first_msr, 5) || msr == Paravirtual::wall_clock_old ||
        msr == Paravirtual::system_time_old)
    {
        if (msr == Paravirtual::end_of_interrupt)
            msrs.apic->settle_lazy_end();
        return msrs.paravirtual->write_msr(vcpu, msr, value);
    }
    if (msr >= k7_event_first && msr <= k7_event_last)
        return {}; // no counter counts: profilers of the guest see zeros
    switch (msr)
    {
    case mtrr_default:
        if (!is_memory_type(value & 0xff) || (value & ~std::uint64_t{0xcff}) != 0)
            return Error::denied;
        msrs.default_type = value;
        return {};
    case hardware_configuration:
        msrs.hardware_configuration = value | counts_at_p0;
        return {};
    case decode_configuration:
        msrs.decode_configuration = value;
        return {};
    case system_configuration:
        msrs.system_configuration = value;
        return {};
    case mcg_status:
        return value == 0 ? Result<>{} : Error::denied;
    case debug_control:
    case patch_level:
    case north_bridge:
    case interrupt_pending:
    case load_store_configuration:
    case bus_unit_configuration_2:
        return {};
    default:
        return Error::denied;
    }
}

} // namespace ovm::interface
