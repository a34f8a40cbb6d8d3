#include "arch/x86_64/svm/virtual_processor.hpp"

#include <span>

#include "arch/processor.hpp"
#include "arch/raw_bytes.hpp"
#include "base/contract.hpp"

namespace ovm::arch
{

using namespace svm;

namespace
{

constexpr std::uint16_t cr8_bit = 1U << 8;
constexpr std::uint32_t power_on_mxcsr = 0x1F80;

Vmcb& vmcb_in(Host_physical memory)
{
    OVM_REQUIRES_THAT(memory.is_aligned(page_size));
    return *reinterpret_cast<Vmcb*>(physical_bytes(memory, page_size).data());
}

Event to_event(std::uint64_t field_value)
{
    Event result{.vector = static_cast<std::uint8_t>(field_value & event::vector_mask)};
    switch (field_value & event::type_mask)
    {
    case event::nmi:
        result.type = Event::Type::nmi;
        break;
    case event::exception:
        result.type = Event::Type::exception;
        break;
    case event::software:
        result.type = Event::Type::software_interrupt;
        break;
    default:
        result.type = Event::Type::interrupt;
        break;
    }
    if ((field_value & event::has_error) != 0)
        result.error_code = static_cast<std::uint32_t>(field_value >> event::error_shift);
    return result;
}

std::uint64_t to_field(const Event& from)
{
    auto value = event::valid | from.vector;
    switch (from.type)
    {
    case Event::Type::interrupt:
        value |= event::interrupt;
        break;
    case Event::Type::nmi:
        value |= event::nmi;
        break;
    case Event::Type::exception:
        value |= event::exception;
        break;
    case Event::Type::software_interrupt:
        value |= event::software;
        break;
    }
    if (from.error_code)
        value |= event::has_error | std::uint64_t{*from.error_code} << event::error_shift;
    return value;
}

} // namespace

Result<Virtual_core> Virtual_core::create(Core_id core, Host_physical memory)
{
    if (support() != Virtualization_support::available)
        return Error::unsupported;
    OVM_REQUIRES_THAT(memory.is_aligned(page_size));
    auto const features = hardware::features();
    auto const host_state = memory + page_size;
    hardware::enable(features, memory, host_state);
    return Virtual_core(core, features, host_state);
}

Virtual_core::Virtual_core(Core_id core, const hardware::Features& features, Host_physical host_state)
    : features_(features), host_state_(host_state), tags_(core, features.asids),
      clean_bits_(features.clean_bits ? clean::all : 0)
{
}

Bytes Virtual_processor::memory_needed()
{
    auto const extended = hardware::features().extended_state_size.value();
    return page_size + Bytes(align_up(extended, page_size.value()));
}

Virtual_processor::Virtual_processor(Vm_id vm, Host_physical memory)
    : vmcb_(vmcb_in(memory)), vmcb_at_(memory.value()),
      extended_state_(physical_bytes(memory + page_size, memory_needed() - page_size).data()), vm_(vm)
{
    auto const features = hardware::features();
    xcr0_mask_ = features.xcr0_mask;
    efer_mask_ = features.efer_mask;
    signature_ = features.signature;
    has_tsc_aux_ = features.tsc_aux;
    speculation_control_mask_ = features.speculation_control;
    repeats_injections_ = features.repeats_injections;
    stray_breakpoints_ = features.stray_breakpoints;
    set_up_control_area();
    reset(Reset::power_on);
}

Virtual_processor::~Virtual_processor()
{
    OVM_REQUIRES_THAT(loaded_on_ == nullptr);
}

void Virtual_processor::prepare_and_enter(Virtual_core& core)
{
    load(core);
    if (speculation_control_ == 0)
    {
        core.ready_ = this;
        hardware::enter(vmcb_at_, registers_.data(), core.host_state_.value());
    }
    else
    {
        hardware::set_speculation_control(speculation_control_);
        hardware::enter(vmcb_at_, registers_.data(), core.host_state_.value());
        hardware::set_speculation_control(0);
    }
    vmcb_.control.tlb_control = Tlb_control::nothing;
}

void Virtual_processor::load(Virtual_core& core)
{
    core.ready_ = nullptr;
    OVM_REQUIRES_THAT(loaded_on_ == nullptr || loaded_on_ == &core);
    if (core.loaded_ != this)
    {
        if (core.loaded_ != nullptr)
            core.loaded_->store_extended_state(core);
        load_extended_state(core);
        if (core.last_vm_ != vm_ && core.features_.prediction_barrier)
            hardware::prediction_barrier();
        core.last_vm_ = vm_;
        // The processor may know this VMCB from another core's or an earlier guest's time (APM volume 2, 15.15.4).
        vmcb_.control.clean_bits = 0;
        // The interrupt that was to follow an injection may have come while others ran, or on another core.
        if (event_pending() && (vmcb_.control.event_injection & event::type_mask) == event::interrupt)
            leave_after_injection();
    }
    if (!core.tags_.holds(tag_))
    {
        auto const grant = core.tags_.take();
        tag_ = grant.tag;
        vmcb_.control.asid = tag_.number;
        vmcb_.control.tlb_control = grant.flush_all ? Tlb_control::flush_all : Tlb_control::nothing;
        touched(clean::asid);
    }
}

void Virtual_processor::load_extended_state(Virtual_core& core)
{
    // Everything the processor has is switched, whatever the guest enables now: it may enable more unseen.
    if (core.features_.xcr0_mask != 0)
        hardware::set_xcr0(core.features_.xcr0_mask);
    hardware::load_extended_state(core.features_, extended_state_);
    if (core.features_.xcr0_mask != 0)
        hardware::set_xcr0(xcr0_);
    hardware::set_debug_addresses(debug_addresses_);
    if (has_tsc_aux_)
        hardware::set_tsc_aux(tsc_aux_);
    core.loaded_ = this;
    loaded_on_ = &core;
}

void Virtual_processor::store_extended_state(Virtual_core& core)
{
    if (core.features_.xcr0_mask != 0)
    {
        xcr0_ = hardware::xcr0(); // XSETBV may have gone unintercepted
        hardware::set_xcr0(core.features_.xcr0_mask);
    }
    hardware::save_extended_state(core.features_, extended_state_);
    debug_addresses_ = hardware::debug_addresses();
    hardware::set_debug_addresses({});
    if (stray_breakpoints_ && has_instruction_breakpoints_only())
        hardware::forget_breakpoints();
    core.ready_ = nullptr;
    core.loaded_ = nullptr;
    loaded_on_ = nullptr;
}

/// TCG must not be asked to forget breakpoints on data: it would take them for ones on instructions. Those do no harm:
/// it looks into DR7 before they raise anything.
bool Virtual_processor::has_instruction_breakpoints_only() const
{
    auto const control = dr7();
    bool any = false;
    for (unsigned i = 0; i < debug_addresses_.size(); ++i)
    {
        if (field(control, i * 2, 2) == 0)
            continue;
        if (field(control, 16 + i * 4, 2) != 0)
            return false;
        any = true;
    }
    return any;
}

void Virtual_processor::leave(Virtual_core& core)
{
    if (core.loaded_ == this)
        store_extended_state(core);
    forget_translations();
}

void Virtual_processor::inject(const Event& event)
{
    OVM_REQUIRES_THAT(!event_pending());
    vmcb_.control.event_injection = to_field(event);
    if (event.type == Event::Type::interrupt)
        leave_after_injection();
    if (event.type == Event::Type::nmi)
    {
        // Without virtual NMIs the end of the handler is known by its IRET (APM volume 2, 15.9 and 15.13.2).
        nmi_masked_ = true;
        nmi_return_ = ~std::uint64_t{0};
        vmcb_.control.intercepts1 |= intercept1::iret;
        touched(clean::intercepts);
    }
}

std::optional<Event> Virtual_processor::take_event()
{
    if (!event_pending())
        return {};
    auto const taken = to_event(vmcb_.control.event_injection);
    vmcb_.control.event_injection = 0;
    return taken;
}

/// An exit happened while an event was delivered: it must be delivered again (APM volume 2, 15.7.2), but for those that
/// an instruction raises, as rip still points at that and it is executed again.
void Virtual_processor::put_back_event()
{
    auto const lost = vmcb_.control.exit_int_info;
    auto const type = lost & event::type_mask;
    auto const vector = lost & event::vector_mask;
    constexpr std::uint64_t breakpoint = 3;
    constexpr std::uint64_t overflow = 4;
    if (type == event::software || (type == event::exception && (vector == breakpoint || vector == overflow)))
        return;
    vmcb_.control.event_injection = lost;
    if (type == event::interrupt)
        leave_after_injection();
}

/// Where an injected interrupt might be repeated until the next exit, an interrupt of our own makes that exit come
/// right behind the injection, before the guest's handler begins.
void Virtual_processor::leave_after_injection()
{
    if (repeats_injections_)
        kick(this_core());
}

void Virtual_processor::nmi_handler_returned()
{
    nmi_masked_ = false;
    nmi_return_ = rip();
    vmcb_.control.intercepts1 &= ~intercept1::iret;
    touched(clean::intercepts);
}

void Virtual_processor::request_interrupt_window(std::uint8_t vector, bool ignore_task_priority)
{
    using namespace virtual_interrupt;
    auto& value = vmcb_.control.virtual_interrupt;
    value = (value & ~(priority_mask | ignore_tpr)) | request | std::uint64_t{vector} >> 4 << priority_shift;
    if (ignore_task_priority)
        value |= ignore_tpr;
    vmcb_.control.intercepts1 |= intercept1::virtual_intr;
    // QEMU 7.2 aborts when a guest's write of CR8 lets a waiting V_IRQ through (it raises the interrupt without its own
    // lock), so while one waits, the write comes here.
    vmcb_.control.control_register_writes |= cr8_bit;
    touched(clean::virtual_interrupt | clean::intercepts);
}

void Virtual_processor::cancel_interrupt_window()
{
    if ((vmcb_.control.intercepts1 & intercept1::virtual_intr) == 0)
        return;
    vmcb_.control.virtual_interrupt &= ~virtual_interrupt::request;
    vmcb_.control.intercepts1 &= ~intercept1::virtual_intr;
    vmcb_.control.control_register_writes &= static_cast<std::uint16_t>(~cr8_bit);
    touched(clean::virtual_interrupt | clean::intercepts);
}

void Virtual_processor::set_task_priority(std::uint8_t priority)
{
    OVM_REQUIRES_THAT(priority < 16);
    auto& value = vmcb_.control.virtual_interrupt;
    if ((value & virtual_interrupt::tpr_mask) == priority)
        return;
    value = (value & ~virtual_interrupt::tpr_mask) | priority;
    touched(clean::virtual_interrupt);
}

void Virtual_processor::set_tsc_offset(std::uint64_t offset)
{
    vmcb_.control.tsc_offset = offset;
    touched(clean::intercepts);
}

/// The area's form is XSAVE's standard one (APM volume 2, 11.5.10), which begins as FXSAVE's.
void Virtual_processor::reset_extended_state()
{
    auto const area = std::span(extended_state_, memory_needed().value() - page_size.value());
    fill(area, 0);
    auto const put = [area](std::size_t at, std::uint64_t value, unsigned size)
    {
        for (unsigned i = 0; i < size; ++i)
            area[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
    };
    put(0, 0x0040, 2); // FCW after reset; FINIT's is 037F
    put(4, 0xFF, 1);   // every x87 register in use (and zero)
    put(24, power_on_mxcsr, 4);
    put(512, xcr0_mask_ != 0, 8); // XSTATE_BV: x87 from here, the rest initial
}

void Virtual_processor::set_nested_root(Host_physical root)
{
    vmcb_.control.nested_cr3 = root.value();
    touched(clean::nested_paging);
    forget_translations();
}

} // namespace ovm::arch
