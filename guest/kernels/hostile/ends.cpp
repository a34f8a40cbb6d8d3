// The ways in which the hostile guest ends.
#include "hostile/hostile.hpp"

#include <array>

#include "runtime/acpi.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/lapic.hpp"
#include "runtime/print.hpp"
#include "runtime/processor.hpp"

namespace guest::hostile
{
namespace
{
struct [[gnu::packed]] Table_pointer
{
    uint16_t limit;
    uint64_t base;
};

[[noreturn]] void triple_fault()
{
    const Table_pointer nothing{0, 0};
    for (;;)
    {
        asm volatile("lidt %0; ud2" : : "m"(nothing));
    }
}

[[noreturn]] void spin()
{
    disable_interrupts();
    for (;;)
    {
        pause();
    }
}

/// No page of ours is mapped afterwards, the handlers' neither.
[[noreturn]] void bend_all_tables()
{
    for (;;)
    {
        write_cr3(dice().word() & 0xfffffff000);
    }
}

/// #DB whose delivery meets a breakpoint on its own stack, again and again (CVE-2015-8104).
[[noreturn]] void debug_for_good()
{
    set_trap_handler(1, [](Trap_frame& frame) { frame.rflags |= 0x100; });
    const auto stack = scratch() + 0x2000;
    asm volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr7"
                 :
                 : "r"(stack - 8), "r"(stack - 40), "r"(uint64_t{0x00ff040f}));
    for (;;)
    {
        asm volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop" : : : "memory");
    }
}

/// Executes noise; whatever comes of it.
[[noreturn]] void run_garbage()
{
    auto* bytes = reinterpret_cast<uint8_t*>(scratch());
    for (;;)
    {
        for (size_t index = 0; index < 1024; ++index)
        {
            bytes[index] = static_cast<uint8_t>(dice().word());
        }
        misdeed(
            [&]
            {
                asm volatile("call *%0"
                             :
                             : "r"(bytes)
                             : "memory", "rbx", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12");
            });
    }
}

/// Every interrupt command there is, to every processor.
[[noreturn]] void send_everything()
{
    for (;;)
    {
        const auto command = static_cast<uint32_t>(dice().word());
        misdeed([&] { lapic::send(static_cast<uint32_t>(dice().below(4)), command & 0xccfff); });
    }
}

/// The ports that were spared so far.
[[noreturn]] void write_ending_ports()
{
    const Acpi_facts acpi = read_acpi();
    const std::array<uint16_t, 6> ports{0x92, 0xcf9, 0x64, 0xf0, acpi.control_port, acpi.reset_port};
    for (;;)
    {
        const uint16_t port = ports[dice().below(ports.size())];
        misdeed([&] { out16(port, static_cast<uint16_t>(dice().word())); });
    }
}

struct Way
{
    std::string_view name;
    void (*run)();
};

constexpr std::array<Way, 8> ways{{
    {"triple", triple_fault},
    {"spin", spin},
    {"halt", halt_for_good},
    {"tables", bend_all_tables},
    {"debug", debug_for_good},
    {"garbage", run_garbage},
    {"init", send_everything},
    {"port", write_ending_ports},
}};
} // namespace

void end_by(std::string_view name)
{
    for (const Way& way : ways)
    {
        if (way.name == name)
        {
            way.run();
        }
    }
}
} // namespace guest::hostile
