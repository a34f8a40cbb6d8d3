#include <cstdint>

#include "arch/x86_64/svm/run.hpp"
#include "base/bits.hpp"

namespace ovm::arch
{

using namespace svm;

namespace
{

constexpr std::uint8_t debug_vector = 1;
constexpr std::uint64_t debug_causes = 0xe00f; ///< of DR6: BT, BS, BD, B3 to B0 (APM volume 2, 13.1.1.3)
constexpr std::uint64_t resume_flag = bit(16);

/// EXITINFO1 of a nested page fault (APM volume 2, 15.25.6): a page-fault error code, and bit 33 for the guest's walk.
Memory_exit memory_exit(std::uint64_t information, std::uint64_t address)
{
    return {.address = Guest_physical(address),
            .write = (information & bit(1)) != 0,
            .execute = (information & bit(4)) != 0,
            .present = (information & bit(0)) != 0,
            .page_walk = (information & bit(33)) != 0};
}

} // namespace

void Virtual_processor::describe_rare_exit()
{
    auto const& control = vmcb_.control;
    if (control.exit_code == exit_code::nested_fault)
    {
        exit_.kind = Exit_kind::memory;
        exit_.memory = memory_exit(control.exit_info1, control.exit_info2);
    }
    else
        exit_.kind =
            low_bytes(control.exit_code, 4) == exit_code::invalid ? Exit_kind::invalid_state : Exit_kind::unknown;
}

void Virtual_processor::describe_exception()
{
    constexpr std::uint8_t alignment_vector = 17;
    exit_.by_instruction = exit_.code == exit_code::icebp;
    exit_.vector = exit_.by_instruction ? debug_vector : static_cast<std::uint8_t>(exit_.code - first_exception);
    // #AC always has an error code, #DB none (APM volume 2, table 8-1); no others are intercepted.
    exit_.error_code.reset();
    if (exit_.vector == alignment_vector)
        exit_.error_code = static_cast<std::uint32_t>(exit_.information[0]);
    // A breakpoint without a cause is another guest's: this one goes on as if there were none.
    if (stray_breakpoints_ && exit_.vector == debug_vector && !exit_.by_instruction && (dr6() & debug_causes) == 0)
    {
        vmcb_.state.rflags |= resume_flag;
        exit_.kind = Exit_kind::interrupt;
    }
}

} // namespace ovm::arch
