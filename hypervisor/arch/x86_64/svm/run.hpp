#pragma once

#include <array>
#include <cstdint>

#include "arch/x86_64/svm/virtual_processor.hpp"
#include "base/bits.hpp"

/// The way into a guest and back, in a header: it is inlined into the one loop that runs vcpus, as each exit pays for
/// it.
namespace ovm::arch
{

namespace svm
{

inline constexpr std::uint64_t first_exception = exit_code::exception;
inline constexpr std::uint64_t last_exception = first_exception + 31;
inline constexpr std::uint8_t machine_check_vector = 18;

/// By exit code up to the last that we ask for; other codes are unknown.
inline constexpr auto exit_kind_table = []
{
    std::array<Exit_kind, exit_code::rdpru + 1> kinds{};
    for (auto& kind : kinds)
        kind = Exit_kind::unknown;
    for (auto code = first_exception; code <= last_exception; ++code)
        kinds[code] = Exit_kind::exception;
    kinds[first_exception + machine_check_vector] = Exit_kind::machine_check;
    kinds[exit_code::cr8_write] = Exit_kind::control_register;
    kinds[exit_code::cr0_selective_write] = Exit_kind::control_register;
    kinds[exit_code::intr] = Exit_kind::interrupt;
    kinds[exit_code::nmi] = Exit_kind::nmi;
    kinds[exit_code::init] = Exit_kind::init;
    kinds[exit_code::virtual_intr] = Exit_kind::interrupt_window;
    kinds[exit_code::iret] = Exit_kind::interrupt_window;
    kinds[exit_code::rdpmc] = Exit_kind::performance_counter;
    kinds[exit_code::cpuid] = Exit_kind::cpuid;
    kinds[exit_code::invd] = Exit_kind::invalidate;
    kinds[exit_code::wbinvd] = Exit_kind::invalidate;
    kinds[exit_code::hlt] = Exit_kind::halt;
    kinds[exit_code::ports] = Exit_kind::port;
    kinds[exit_code::msr] = Exit_kind::msr_read;
    kinds[exit_code::task_switch] = Exit_kind::task_switch;
    kinds[exit_code::shutdown] = Exit_kind::shutdown;
    kinds[exit_code::vmmcall] = Exit_kind::hypercall;
    kinds[exit_code::icebp] = Exit_kind::exception;
    kinds[exit_code::monitor] = Exit_kind::monitor;
    kinds[exit_code::mwait] = Exit_kind::monitor;
    kinds[exit_code::mwait_armed] = Exit_kind::monitor;
    kinds[exit_code::xsetbv] = Exit_kind::set_xcr;
    kinds[exit_code::pause] = Exit_kind::pause;
    // Not offered to guests: RSM outside of SMM, RDPRU and all of SVM are undefined opcodes.
    for (auto code : {exit_code::rsm, exit_code::rdpru, exit_code::invlpga, exit_code::vmrun, exit_code::vmload,
                      exit_code::vmsave, exit_code::stgi, exit_code::clgi, exit_code::skinit})
        kinds[code] = Exit_kind::virtualization;
    return kinds;
}();

/// EXITINFO1 of an IOIO exit (APM volume 2, 15.10.2). Of a string instruction, its decoder says the rest.
constexpr Port_exit port_exit(std::uint64_t information)
{
    return {.port = static_cast<std::uint16_t>(information >> 16),
            .size = static_cast<std::uint8_t>(field(information, 4, 3)),
            .in = (information & bit(0)) != 0,
            .string = (information & bit(2)) != 0};
}

} // namespace svm

[[gnu::always_inline]] inline const Exit& Virtual_processor::run(Virtual_core& core)
{
    using namespace svm;
    vmcb_.state.rax = get(Register::rax);
    vmcb_.state.rsp = get(Register::rsp);
    if (core.ready_ != this) [[unlikely]]
        prepare_and_enter(core);
    else
        hardware::enter(vmcb_at_, registers_.data(), core.host_state_.value());
    // Looked up anew: nothing is kept around the entry, which has no register to spare.
    auto& control = vmcb_.control;
    auto const& state = vmcb_.state;
    set(Register::rax, state.rax);
    set(Register::rsp, state.rsp);
    control.clean_bits = core.clean_bits_;

    exit_.rip = state.rip;
    exit_.next_rip = control.next_rip; // stays 0 where the processor does not save it
    if ((control.exit_int_info & event::valid) != 0) [[unlikely]]
        put_back_event();
    auto const code = control.exit_code;
    exit_.code = code;
    exit_.information = {control.exit_info1, control.exit_info2};
    if (code >= exit_kind_table.size()) [[unlikely]]
    {
        describe_rare_exit();
        return exit_;
    }
    exit_.kind = exit_kind_table[code];
    switch (exit_.kind)
    {
    case Exit_kind::port:
        exit_.port = port_exit(control.exit_info1);
        exit_.next_rip = control.exit_info2;
        break;
    case Exit_kind::msr_read:
        exit_.msr = static_cast<std::uint32_t>(get(Register::rcx));
        if ((control.exit_info1 & 1) != 0)
        {
            exit_.kind = Exit_kind::msr_write;
            exit_.value = low_bytes(get(Register::rax), 4) | get(Register::rdx) << 32;
        }
        break;
    case Exit_kind::set_xcr:
        exit_.value = low_bytes(get(Register::rax), 4) | get(Register::rdx) << 32;
        break;
    case Exit_kind::exception:
        describe_exception();
        break;
    case Exit_kind::interrupt_window:
        if (code == exit_code::iret)
            nmi_handler_returned();
        else
            cancel_interrupt_window();
        break;
    default:
        break;
    }
    return exit_;
}

} // namespace ovm::arch
