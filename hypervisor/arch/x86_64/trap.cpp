#include "arch/x86_64/trap.hpp"

#include <array>
#include <atomic>

#include "arch/crossing.hpp"
#include "arch/processor.hpp"
#include "arch/x86_64/apic.hpp"
#include "arch/x86_64/clock.hpp"
#include "arch/x86_64/control.hpp"
#include "arch/x86_64/core_state.hpp"
#include "arch/x86_64/crash_record.hpp"
#include "arch/x86_64/hang.hpp"
#include "arch/x86_64/image.hpp"
#include "arch/x86_64/io_apic.hpp"
#include "arch/x86_64/layout.hpp"
#include "arch/x86_64/trap_names.hpp"
#include "base/bits.hpp"

extern "C" const std::uint8_t trap_stubs[];

namespace ovm::arch
{

namespace
{

/// An interrupt gate (APM volume 2, section 4.8.4).
struct Gate
{
    std::uint16_t offset_low = 0;
    std::uint16_t selector = 0;
    std::uint8_t stack = 0;
    std::uint8_t type = 0;
    std::uint16_t offset_middle = 0;
    std::uint32_t offset_high = 0;
    std::uint32_t reserved = 0;
};
static_assert(sizeof(Gate) == 16);

alignas(4096) constinit std::array<Gate, 256> trap_table{};
constinit std::atomic<std::uint64_t> unexpected{0};

struct Fixup
{
    std::uint64_t from = 0;
    std::uint64_t to = 0;
};

/// Instructions that may fault say where to go on (msr.hpp).
bool fix_up(Trap_frame& frame)
{
    auto const range = image_fixups();
    std::span<const Fixup> const fixups(reinterpret_cast<const Fixup*>(range.begin.value()),
                                        range.size.value() / sizeof(Fixup));
    for (auto const& fixup : fixups)
    {
        if (fixup.from == frame.rip)
        {
            frame.rip = fixup.to;
            return true;
        }
    }
    return false;
}

/// An exception of the running code, on its own stack: the crossing may be all that is lost.
void discard(const Trap_frame& frame)
{
    constexpr std::uint64_t on_running_stack = 1U << vector::divide_error | 1U << vector::breakpoint |
                                               1U << vector::invalid_opcode | 1U << vector::general_protection |
                                               1U << vector::page_fault;
    if (frame.vector >= 32 || (on_running_stack >> frame.vector & 1) == 0 || frame.cs != code_selector ||
        image_port().contains(Host_virtual(frame.rip)))
        return;
    auto const* const check = frame.vector == vector::invalid_opcode ? failed_check(frame.rip) : nullptr;
    discard_crossing({.kind = check != nullptr ? Fault::Kind::check : Fault::Kind::trap,
                      .vector = static_cast<std::uint8_t>(frame.vector),
                      .what = check != nullptr ? check : trap_name(frame.vector),
                      .at = frame.rip});
}

/// OVM sets no breakpoint and runs with all of them off; in an emulator a guest's may still be there (svm/machine).
bool step_over_breakpoint(Trap_frame& frame)
{
    constexpr std::uint64_t other_causes = 0xe000; ///< BT, BS, BD (APM volume 2, 13.1.1.3)
    constexpr std::uint64_t resume_flag = bit(16);
    if ((read_dr6() & other_causes) != 0)
        return false;
    frame.rflags |= resume_flag;
    return true;
}

void interrupt(std::uint8_t number)
{
    switch (number)
    {
    case vector::timer:
        timer_interrupt();
        local_apic().end_of_interrupt();
        break;
    case vector::kick:
        local_apic().end_of_interrupt();
        break;
    case vector::serial:
        // Acknowledged first: a byte that comes while the FIFO is emptied raises the line again.
        local_apic().end_of_interrupt();
        serial_interrupt();
        break;
    case vector::spurious:
        break; // is not in service: no end of interrupt
    default:
        unexpected.fetch_add(1, std::memory_order_relaxed);
        local_apic().end_of_interrupt();
    }
}

} // namespace

extern "C" void trap_entry(Trap_frame* frame)
{
    if (frame->vector >= vector::first_interrupt)
        return interrupt(static_cast<std::uint8_t>(frame->vector));
    if (frame->vector == vector::general_protection && fix_up(*frame))
        return;
    if (frame->vector == vector::nmi && !is_stopping() && end_hanging_crossing(*frame))
        return;
    discard(*frame);
    if (frame->vector == vector::debug && step_over_breakpoint(*frame))
        return;
    crash(*frame);
}

void build_trap_table(bool own_stacks)
{
    for (std::size_t i = 0; i < trap_table.size(); ++i)
    {
        auto const stub = reinterpret_cast<std::uint64_t>(trap_stubs) + i * 16;
        auto& gate = trap_table[i];
        gate.offset_low = static_cast<std::uint16_t>(stub);
        gate.offset_middle = static_cast<std::uint16_t>(stub >> 16);
        gate.offset_high = static_cast<std::uint32_t>(stub >> 32);
        gate.selector = code_selector;
        gate.type = 0x8e;
        gate.stack = 0;
    }
    if (own_stacks)
    {
        trap_table[vector::double_fault].stack = 1;
        trap_table[vector::nmi].stack = 2;
        trap_table[vector::machine_check].stack = 3;
    }
}

void load_trap_table()
{
    Table_pointer const pointer{sizeof(trap_table) - 1, reinterpret_cast<std::uint64_t>(trap_table.data())};
    asm volatile("lidt %0" : : "m"(pointer));
}

std::uint64_t unexpected_interrupts()
{
    return unexpected.load(std::memory_order_relaxed);
}

} // namespace ovm::arch
