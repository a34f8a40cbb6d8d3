#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "arch/exit.hpp"
#include "arch/x86_64/instruction/decoded.hpp"
#include "arch/x86_64/svm/virtual_core.hpp"
#include "arch/x86_64/svm/vmcb.hpp"
#include "base/bits.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"

namespace ovm::arch
{

enum class Reset : std::uint8_t
{
    power_on,
    init, ///< INIT: leaves FPU, MSRs and cache bits alone (APM volume 2, 14.1.3)
};

/// One guest processor: all of its state, and the way in and out of it.
/// Invariant:   while loaded_on_ is set, XCR0, extended state, DR0-3 and TSC_AUX live in that core's registers; nothing
///              of DR0-3 stays there afterwards. Every
///              write to the VMCB clears the clean bit of what it touches (APM volume 2, 15.15.3).
/// Concurrency: one core at a time, with leave() on the old core before the first run() on another.
/// Lifetime:    `memory` outlives it; it is destroyed after leave().
class Virtual_processor final
{
public:
    /// VMCB and extended state; the caller owns that many bytes of zeroed, page-aligned RAM.
    static Bytes memory_needed();

    /// In its power-on state. A prediction barrier divides VMs on one core.
    Virtual_processor(Vm_id vm, Host_physical memory);
    ~Virtual_processor();
    Virtual_processor(const Virtual_processor&) = delete;
    Virtual_processor& operator=(const Virtual_processor&) = delete;

    void reset(Reset kind);
    /// Start-up IPI: real mode at `vector` * 4 KiB.
    void start(std::uint8_t vector);

    /// Runs the guest until it exits. The answer is valid until the next run.
    const Exit& run(Virtual_core& core);
    const Exit& last_exit() const { return exit_; }
    /// Takes this guest's state out of the core's registers, and forgets its translations there.
    void leave(Virtual_core& core);
    /// The next run starts without any cached translation.
    void forget_translations()
    {
        tag_ = {};
        not_ready();
    }

    std::uint64_t get(Register name) const { return registers_[static_cast<std::size_t>(name)]; }
    void set(Register name, std::uint64_t value) { registers_[static_cast<std::size_t>(name)] = value; }
    std::array<std::uint64_t, 16>& registers() { return registers_; }

    std::uint64_t rip() const { return vmcb_.state.rip; }
    void set_rip(std::uint64_t value) { vmcb_.state.rip = value; }
    std::uint64_t rflags() const { return vmcb_.state.rflags; }
    void set_rflags(std::uint64_t value) { vmcb_.state.rflags = value | rflags_fixed; }
    Segment segment(Segment_name name) const;
    /// Setting SS sets the current privilege level too, from its DPL.
    void set_segment(Segment_name name, const Segment& value);
    unsigned privilege_level() const { return vmcb_.state.cpl; }

    std::uint64_t cr0() const { return vmcb_.state.cr0; }
    std::uint64_t cr2() const { return vmcb_.state.cr2; }
    std::uint64_t cr3() const { return vmcb_.state.cr3; }
    std::uint64_t cr4() const { return vmcb_.state.cr4; }
    void set_cr0(std::uint64_t value) { set_control(vmcb_.state.cr0, value); }
    void set_cr2(std::uint64_t value);
    void set_cr3(std::uint64_t value) { set_control(vmcb_.state.cr3, value); }
    void set_cr4(std::uint64_t value) { set_control(vmcb_.state.cr4, value); }
    /// The guest's own write, with all that it brings about: long mode begins and ends here (APM volume
    /// 2, 3.1.1, 14.6). Error::denied: #GP.
    Result<> write_cr0(std::uint64_t value);
    /// As the guest sees it: without SVME. Setting it keeps what it may not change; see write_msr for the checks.
    std::uint64_t efer() const { return vmcb_.state.efer & ~efer_svme; }
    void set_efer(std::uint64_t value) { set_control(vmcb_.state.efer, value | efer_svme); }
    std::uint64_t dr6() const { return vmcb_.state.dr6; }
    std::uint64_t dr7() const { return vmcb_.state.dr7; }
    void set_dr6(std::uint64_t value);
    void set_dr7(std::uint64_t value);

    /// MSRs that are this processor's own state: EFER, PAT, the system-call ones, segment bases, TSC_AUX, SPEC_CTRL,
    /// XSS (always 0: no supervisor component is offered).
    /// Error::not_found: not one of these. Error::denied: #GP.
    Result<std::uint64_t> read_msr(std::uint32_t msr) const;
    Result<> write_msr(std::uint32_t msr, std::uint64_t value);

    std::uint64_t xcr0() const;
    /// False when the value is one that XSETBV refuses (APM volume 4, XSETBV).
    [[nodiscard]] bool set_xcr0(std::uint64_t value);

    /// Guest time-stamp = host time-stamp + offset; one for all processors of a VM.
    std::uint64_t tsc_offset() const { return vmcb_.control.tsc_offset; }
    void set_tsc_offset(std::uint64_t offset);
    void set_nested_root(Host_physical root);

    /// CR8: 0 to 15.
    std::uint8_t task_priority() const { return vmcb_.control.virtual_interrupt & 0xF; }
    void set_task_priority(std::uint8_t priority);

    /// Delivered at the next entry. Requires !event_pending().
    void inject(const Event& event);
    bool event_pending() const { return (vmcb_.control.event_injection & svm::event::valid) != 0; }
    /// Takes back what would be delivered at the next entry.
    std::optional<Event> take_event();

    bool interrupts_enabled() const { return (vmcb_.state.rflags & rflags_if) != 0; }
    bool interrupt_shadow() const { return (vmcb_.control.interrupt_shadow & 1) != 0; }
    void clear_interrupt_shadow() { vmcb_.control.interrupt_shadow &= ~std::uint64_t{1}; }
    /// Looks at everything but the task priority.
    bool can_take_interrupt() const { return interrupts_enabled() && !interrupt_shadow() && !event_pending(); }
    /// No NMI handler is running. One that has just executed IRET counts until the next exit elsewhere.
    bool can_take_nmi() const
    {
        return !nmi_masked_ && !interrupt_shadow() && !event_pending() && vmcb_.state.rip != nmi_return_;
    }
    /// Exit_kind::interrupt_window as soon as an interrupt of this vector could be taken, task priority included unless
    /// it is ignored (a PIC's interrupt). Replaces an earlier request.
    void request_interrupt_window(std::uint8_t vector, bool ignore_task_priority);
    void cancel_interrupt_window();

    /// How the instruction decoder must read code at rip.
    instruction::Mode mode() const { return is_long64() ? instruction::Mode::long64 : legacy_mode(); }
    bool is_long64() const
    {
        return (vmcb_.state.efer & efer_lma) != 0 && (vmcb_.state.cs.attributes & code_long) != 0;
    }

private:
    instruction::Mode legacy_mode() const;
    static constexpr std::uint64_t rflags_fixed = 2;
    static constexpr std::uint64_t rflags_if = bit(9);
    static constexpr std::uint64_t efer_lma = bit(10);
    static constexpr std::uint64_t efer_svme = bit(12);
    static constexpr std::uint16_t code_long = 1U << 9; ///< of a code segment's attributes

    void set_control(std::uint64_t& field, std::uint64_t value)
    {
        field = value;
        touched(svm::clean::control_registers);
    }
    void touched(std::uint32_t clean_bit) { vmcb_.control.clean_bits &= ~clean_bit; }
    void set_up_control_area();
    void reset_segments();
    void reset_extended_state();
    Result<> write_efer(std::uint64_t value);

    void load(Virtual_core& core);
    void load_extended_state(Virtual_core& core);
    void store_extended_state(Virtual_core& core);
    void prepare_and_enter(Virtual_core& core);
    /// The next entry prepares anew.
    void not_ready()
    {
        if (loaded_on_ != nullptr)
            loaded_on_->ready_ = nullptr;
    }
    void describe_rare_exit();
    void describe_exception();
    bool has_instruction_breakpoints_only() const;
    void put_back_event();
    void leave_after_injection();
    void nmi_handler_returned();

    std::array<std::uint64_t, 16> registers_{}; ///< rax and rsp are copied to the VMCB at entry
    svm::Vmcb& vmcb_;
    std::uint64_t vmcb_at_;
    Translation_tag tag_{};
    Virtual_core* loaded_on_ = nullptr;
    Exit exit_{};

    std::uint8_t* extended_state_;
    svm::hardware::Debug_addresses debug_addresses_{};
    std::uint64_t xcr0_ = 1;
    std::uint64_t tsc_aux_ = 0;
    std::uint64_t speculation_control_ = 0;
    std::uint64_t xcr0_mask_;
    std::uint64_t efer_mask_;
    std::uint64_t speculation_control_mask_;
    std::uint32_t signature_;
    bool has_tsc_aux_;
    bool repeats_injections_;
    bool stray_breakpoints_;
    bool nmi_masked_ = false;
    std::uint64_t nmi_return_ = ~std::uint64_t{0}; ///< the IRET that unmasked NMIs, until something else was seen
    Vm_id vm_;
};

} // namespace ovm::arch
