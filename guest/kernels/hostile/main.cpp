// Does everything that a guest must not get away with, as fixed dice say, and ends as it is told.
//   seed=N         the dice (1)
//   steps=N        misdeeds per part (2000)
//   part=NAME      instructions, ports, msrs, tables, holes, alignment, debug; all without it
//   without=NAME   all parts but this one: `tables` costs the guest its life when it walks outside of its RAM
//   end=WAY        exit (default), triple, spin, halt, tables, debug, garbage, init, port
//   bare=1         spares what stops QEMU itself when no hypervisor is below: PCI bridges that move
//                  the RAM away, a ROM that starts over, reserved bits of CR4
//   processors=1   leaves the other processors alone; otherwise all misbehave at once
#include "hostile/hostile.hpp"

#include <array>
#include <atomic>

#include "runtime/boot_information.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/lapic.hpp"
#include "runtime/layout.h"
#include "runtime/print.hpp"
#include "runtime/processor.hpp"
#include "runtime/processors.hpp"

namespace guest
{
namespace hostile
{
namespace
{
struct Registers
{
    uint64_t cr0;
    uint64_t cr3;
    uint64_t cr4;
    uint64_t efer;
    uint64_t apic_base;
};

constexpr uint32_t efer_msr = 0xc0000080;
constexpr uint32_t apic_base_msr = 0x1b;

constinit std::array<Dice, OVM_GUEST_MAXIMUM_PROCESSORS> all_dice{};
constinit std::array<Registers, OVM_GUEST_MAXIMUM_PROCESSORS> remembered{};
alignas(4096) constinit std::array<std::array<uint8_t, scratch_bytes>, OVM_GUEST_MAXIMUM_PROCESSORS> scratches{};
constinit std::array<uint32_t, OVM_GUEST_MAXIMUM_PROCESSORS> steps_taken{};
constinit std::atomic<uint32_t> finished{0};

struct Part
{
    std::string_view name;
    void (*run)(uint64_t steps);
};

constexpr std::array<Part, 7> parts{{
    {"ports", write_ports},
    {"msrs", write_model_registers},
    {"holes", touch_holes},
    {"tables", bend_page_tables},
    {"alignment", raise_alignment_checks},
    {"debug", raise_debug_exceptions},
    {"instructions", execute_instructions},
}};

uint64_t all_exceptions()
{
    uint64_t sum = 0;
    for (uint32_t vector = 0; vector < 32; ++vector)
    {
        sum += trap_count(static_cast<uint8_t>(vector));
    }
    return sum;
}

void misbehave(uint32_t number)
{
    dice().seed(number_option("seed", 1) * 1000 + number);
    remember_registers();
    const std::string_view wanted = option("part", "");
    const std::string_view unwanted = option("without", "");
    for (const Part& part : parts)
    {
        if (part.name != unwanted && (wanted.empty() || wanted == part.name))
        {
            const uint64_t before = all_exceptions();
            part.run(number_option("steps", 2000));
            restore_registers();
            print_line("hostile ", number, " ", part.name, ": ", all_exceptions() - before, " exceptions");
        }
    }
    finished.fetch_add(1);
}
} // namespace

void Dice::seed(uint64_t seed)
{
    state_ = seed;
}

uint64_t Dice::word()
{
    state_ += 0x9e3779b97f4a7c15;
    uint64_t word = state_;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

uint64_t Dice::below(uint64_t limit)
{
    return word() % limit;
}

bool Dice::one_in(uint64_t chances)
{
    return below(chances) == 0;
}

uint64_t Dice::trap_value()
{
    switch (below(12))
    {
    case 0:
        return 0;
    case 1:
        return ~uint64_t{0};
    case 2:
        return uint64_t{1} << below(64);
    case 3:
        return below(0x100);
    case 4:
        return end_of_ram() - below(16);
    case 5:
        return 0xfee00000 + below(0x1000);
    case 6:
        return 0xfec00000 + below(0x100);
    case 7:
        return 0x7fffffffffff - below(8);
    case 8:
        return 0xffff800000000000 + below(0x10000);
    case 9:
        return word() & 0xffffffff;
    case 10:
        return scratch() + below(scratch_bytes - 64);
    default:
        return word();
    }
}

Dice& dice()
{
    return all_dice[processor_number()];
}

uint64_t scratch()
{
    return reinterpret_cast<uint64_t>(scratches[processor_number()].data());
}

uint64_t end_of_ram()
{
    uint64_t end = 0;
    for (const Memory_range& range : boot_information().memory)
    {
        if (range.type == 1 && range.address + range.bytes <= (uint64_t{1} << 32) && range.address + range.bytes > end)
        {
            end = range.address + range.bytes;
        }
    }
    return end;
}

Leash::Leash()
{
    steps_taken[processor_number()] = 0;
    set_trap_handler(1,
                     [](Trap_frame& frame)
                     {
                         if (++steps_taken[processor_number()] > 64)
                         {
                             end_attempt(frame);
                         }
                     });
}

Leash::~Leash()
{
    set_trap_handler(1, nullptr);
}

void remember_registers()
{
    remembered[processor_number()] = {read_cr0(), read_cr3(), read_cr4(), read_msr(efer_msr), read_msr(apic_base_msr)};
}

void restore_registers()
{
    const Registers& mine = remembered[processor_number()];
    asm volatile("cli; cld");
    write_cr4(mine.cr4);
    write_cr3(mine.cr3);
    write_cr0(mine.cr0);
    write_msr(efer_msr, mine.efer);
    asm volatile("mov %0, %%cr8" : : "r"(uint64_t{0}));
    asm volatile("mov %0, %%dr7; mov %1, %%dr6" : : "r"(uint64_t{0x400}), "r"(uint64_t{0xffff0ff0}));
    load_descriptor_tables();
    if (const uint64_t now = read_msr(apic_base_msr); now != mine.apic_base)
    {
        // From x2APIC the way back leads through "disabled" (AMD64 APM volume 2, 16.9).
        write_msr(apic_base_msr, mine.apic_base & ~uint64_t{0xc00});
        write_msr(apic_base_msr, (mine.apic_base & ~uint64_t{0x400}) | 0x800);
        write_msr(apic_base_msr, mine.apic_base);
    }
}

int misdeed(void (*work)(void*), void* argument)
{
    const int vector = attempt(work, argument);
    restore_registers();
    return vector;
}
} // namespace hostile

uint32_t guest_main()
{
    using namespace hostile;
    lapic::enable();
    // Interrupts and NMIs that misdeeds bring about are swallowed, unacknowledged.
    set_trap_handler(2, [](Trap_frame&) {});
    for (uint32_t vector = 32; vector < 256; ++vector)
    {
        set_trap_handler(static_cast<uint8_t>(vector), [](Trap_frame&) {});
    }
    print_line("hostile: seed ", number_option("seed", 1), ", RAM ends at ", Hex{end_of_ram()});
    const uint32_t processors = number_option("processors", 0) == 1 ? 1 : start_processors(misbehave);
    misbehave(0);
    for (uint64_t patience = 0; finished.load() < processors && patience < 2000000000; ++patience)
    {
        pause();
    }
    const std::string_view way = option("end", "exit");
    print_line("hostile: ends by ", way);
    end_by(way);
    return 0;
}
} // namespace guest
