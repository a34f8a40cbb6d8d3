#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "arch/exit.hpp"
#include "arch/x86_64/svm/hardware.hpp"
#include "arch/x86_64/svm/vmcb.hpp"

/// The processor under guests that unit tests shape: a guest is a function that sees its VMCB and registers and leaves
/// an exit behind; what the hypervisor asks of the hardware is recorded. One recorded processor for each core.
namespace ovm::arch::hosted
{

/// A guest between entry and exit.
struct Guest
{
    svm::Vmcb& vmcb;
    std::uint64_t* registers; ///< rax to r15 by number; rax and rsp are in vmcb.state
    Core_id core;

    void exit(std::uint64_t code, std::uint64_t information1 = 0, std::uint64_t information2 = 0);
};

/// What runs when any core enters a guest; without one, every entry ends at once with a host interrupt.
/// It is called with no lock held, by several threads at once when they are several cores.
void run_guests_as(std::function<void(Guest&)> guest);

/// As every core offers it from now on; modest values after forget_hardware().
void set_virtualization(Virtualization_support support, const svm::hardware::Features& features);
svm::hardware::Features default_features();

/// One use of the hardware.
struct Use
{
    enum class Kind : std::uint8_t
    {
        enable,
        enter,
        save_state,
        load_state,
        set_xcr0,
        set_debug_addresses,
        forget_breakpoints,
        set_tsc_aux,
        set_speculation_control,
        prediction_barrier,
    };
    Kind kind = Kind::enter;
    std::uint64_t value = 0;                            ///< XCR0, MSR; of an entry: the ASID
    svm::Tlb_control flush = svm::Tlb_control::nothing; ///< of an entry
    std::uint32_t clean_bits = 0;                       ///< of an entry
};

/// A core's uses since forget_hardware().
std::vector<Use> uses(Core_id core);

/// A core's registers that are no part of a VMCB, as the guest that runs now sees and may change them.
struct Extended_registers
{
    std::uint64_t xcr0 = 1;
    std::uint64_t content = 0; ///< stands for all of x87, SSE and AVX
    svm::hardware::Debug_addresses debug{};
    std::uint64_t tsc_aux = 0;
};
Extended_registers& extended_registers(Core_id core);

/// Fresh processors, default features, no guest.
void forget_hardware();

} // namespace ovm::arch::hosted
