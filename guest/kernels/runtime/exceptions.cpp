#include "runtime/exceptions.hpp"

#include <array>
#include <atomic>

#include "runtime/layout.h"
#include "runtime/print.hpp"
#include "runtime/processor.hpp"

extern "C"
{
    extern uint8_t guest_stacks[];
    extern uint8_t guest_vectors[];
    extern uint8_t guest_attempt_landing[];
    int guest_attempt(uint64_t* saved_stack, void (*work)(void*), void* argument);
    void guest_dispatch(guest::Trap_frame* frame);
}

namespace guest
{
namespace
{
constexpr uint32_t maximum = OVM_GUEST_MAXIMUM_PROCESSORS;
constexpr uint64_t trap_stack_size = 0x2000;

struct [[gnu::packed]] Task_state
{
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t port_map;
};
static_assert(sizeof(Task_state) == 104);

struct [[gnu::packed]] Table_pointer
{
    uint16_t limit;
    uint64_t base;
};

/// An interrupt gate (AMD64 APM volume 2, 4.8.4).
struct Gate
{
    uint64_t low;
    uint64_t high;
};

struct alignas(16) Processor_tables
{
    std::array<uint64_t, 8> descriptors;
    Task_state task;
    uint64_t saved_stack;
    bool attempting;
    uint64_t error;
};

constinit std::array<Processor_tables, maximum> tables{};
alignas(16) constinit std::array<Gate, 256> gates{};
alignas(4096) constinit std::array<std::array<uint8_t, trap_stack_size>, maximum> trap_stacks{};
constinit std::array<Trap_handler, 256> handlers{};
constinit std::array<std::atomic<uint64_t>, 256> counts{};

void fill_gates()
{
    for (uint64_t vector = 0; vector < gates.size(); ++vector)
    {
        const auto target = reinterpret_cast<uint64_t>(guest_vectors) + vector * 32;
        // Present, interrupt gate, IST 1; INT3 and INTO may come from ring 3.
        const uint64_t rights = vector == 3 || vector == 4 ? 0xee01 : 0x8e01;
        gates[vector].low =
            (target & 0xffff) | (uint64_t{OVM_GUEST_CODE} << 16) | (rights << 32) | ((target & 0xffff0000) << 32);
        gates[vector].high = target >> 32;
    }
}

[[noreturn]] void report(const Trap_frame& frame)
{
    print_line("exception ", frame.vector, " error ", Hex{frame.error}, " rip ", Hex{frame.rip}, " rsp ",
               Hex{frame.rsp}, " rflags ", Hex{frame.rflags}, " cr2 ", Hex{read_cr2()}, " processor ",
               processor_number());
    exit_guest(1);
}

void dispatch(Trap_frame& frame)
{
    counts[frame.vector & 0xff].fetch_add(1, std::memory_order_relaxed);
    if (const Trap_handler handler = handlers[frame.vector & 0xff]; handler != nullptr)
    {
        handler(frame);
        return;
    }
    end_attempt(frame);
}
} // namespace

void end_attempt(Trap_frame& frame)
{
    Processor_tables& mine = tables[processor_number()];
    if (!mine.attempting)
    {
        report(frame);
    }
    mine.attempting = false;
    mine.error = frame.error;
    frame.rax = frame.vector;
    frame.rip = reinterpret_cast<uint64_t>(guest_attempt_landing);
    frame.rsp = mine.saved_stack;
    frame.cs = OVM_GUEST_CODE;
    frame.ss = OVM_GUEST_DATA;
    frame.rflags = 0x2;
}

uint32_t processor_number()
{
    const auto here = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
    const auto traps = reinterpret_cast<uint64_t>(trap_stacks.data());
    if (here >= traps && here < traps + sizeof trap_stacks)
    {
        return static_cast<uint32_t>((here - traps) / trap_stack_size);
    }
    return static_cast<uint32_t>((here - reinterpret_cast<uint64_t>(guest_stacks)) / OVM_GUEST_STACK_SIZE);
}

void load_descriptor_tables()
{
    const uint32_t number = processor_number();
    if (number == 0)
    {
        fill_gates();
    }
    Processor_tables& mine = tables[number];
    mine.task = {};
    const uint64_t stack_top = reinterpret_cast<uint64_t>(trap_stacks[number].data()) + trap_stack_size;
    mine.task.rsp[0] = stack_top;
    mine.task.ist[0] = stack_top;
    mine.task.port_map = sizeof(Task_state);
    const auto task = reinterpret_cast<uint64_t>(&mine.task);
    mine.descriptors = {
        0,
        0x00af9a000000ffff,
        0x00cf92000000ffff,
        0x00cff2000000ffff,
        0x00affa000000ffff,
        0x00cf9a000000ffff,
        (sizeof(Task_state) - 1) | ((task & 0xffffff) << 16) | (uint64_t{0x89} << 40) | ((task & 0xff000000) << 32),
        task >> 32,
    };
    const Table_pointer gdt{sizeof mine.descriptors - 1, reinterpret_cast<uint64_t>(mine.descriptors.data())};
    const Table_pointer idt{sizeof gates - 1, reinterpret_cast<uint64_t>(gates.data())};
    asm volatile("lgdt %0\n\t"
                 "pushq %1\n\t"
                 "leaq 1f(%%rip), %%rax\n\t"
                 "pushq %%rax\n\t"
                 "lretq\n"
                 "1:\n\t"
                 "movw %w2, %%ss\n\t"
                 "movw %w2, %%ds\n\t"
                 "movw %w2, %%es\n\t"
                 "ltr %w3\n\t"
                 "lidt %4"
                 :
                 : "m"(gdt), "i"(OVM_GUEST_CODE), "r"(OVM_GUEST_DATA), "r"(OVM_GUEST_FIRST_TASK), "m"(idt)
                 : "rax", "memory");
}

void set_trap_handler(uint8_t vector, Trap_handler handler)
{
    handlers[vector] = handler;
}

int attempt(void (*work)(void*), void* argument)
{
    Processor_tables& mine = tables[processor_number()];
    mine.attempting = true;
    const int result = guest_attempt(&mine.saved_stack, work, argument);
    mine.attempting = false;
    return result;
}

bool try_read_msr(uint32_t number, uint64_t& value)
{
    return attempt([&] { value = read_msr(number); }) == no_exception;
}

bool try_write_msr(uint32_t number, uint64_t value)
{
    return attempt([&] { write_msr(number, value); }) == no_exception;
}

uint64_t trap_count(uint8_t vector)
{
    return counts[vector].load(std::memory_order_relaxed);
}

uint64_t last_error_code()
{
    return tables[processor_number()].error;
}
} // namespace guest

extern "C" void guest_dispatch(guest::Trap_frame* frame)
{
    guest::dispatch(*frame);
}
