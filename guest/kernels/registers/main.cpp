// Each processor holds a pattern of its own in every register that a world switch must keep, while
// timers interrupt and halts hand the core to somebody else. `seed=N` sets VMs apart, `rounds=N`
// says how long.
#include <atomic>

#include "registers/registers.hpp"
#include "runtime/boot_information.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/lapic.hpp"
#include "runtime/layout.h"
#include "runtime/print.hpp"
#include "runtime/processor.hpp"
#include "runtime/processors.hpp"

namespace guest
{
namespace
{
constexpr uint8_t timer_vector = 0x40;
constexpr uint32_t star_msr = 0xc0000081;
constexpr uint32_t long_star_msr = 0xc0000082;
constexpr uint32_t compatible_star_msr = 0xc0000083;
constexpr uint32_t flag_mask_msr = 0xc0000084;
constexpr uint32_t fs_base_msr = 0xc0000100;
constexpr uint32_t gs_base_msr = 0xc0000101;
constexpr uint32_t kernel_gs_base_msr = 0xc0000102;
constexpr uint32_t time_stamp_aux_msr = 0xc0000103;
constexpr uint32_t sysenter_stack_msr = 0x175;

struct Features
{
    bool xsave;
    bool avx;
    bool time_stamp_aux;
};

constinit Features features{};
constinit std::atomic<uint32_t> finished{0};
constinit std::array<std::atomic<uint32_t>, OVM_GUEST_MAXIMUM_PROCESSORS> ticks{};
constinit std::array<Register_file, OVM_GUEST_MAXIMUM_PROCESSORS> wanted{};
constinit std::array<Register_file, OVM_GUEST_MAXIMUM_PROCESSORS> found{};

/// SplitMix64: a different word for every (VM, processor, index).
uint64_t pattern(uint32_t number, uint32_t index)
{
    uint64_t word = (number_option("seed", 1) << 32) + (uint64_t{number} << 16) + index;
    word = (word + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

uint64_t address_pattern(uint32_t number, uint32_t index)
{
    return pattern(number, index) & 0x00007fffffffffff;
}

uint64_t read_xcr0()
{
    uint32_t low;
    uint32_t high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t{high} << 32) | low;
}

void write_xcr0(uint64_t value)
{
    asm volatile("xsetbv" : : "c"(0), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32)));
}

bool is_wide(uint32_t number)
{
    return features.avx && (number + number_option("seed", 1)) % 2 == 0;
}

void expect(std::string_view name, uint64_t is, uint64_t should, uint32_t number)
{
    if (is != should)
    {
        fail(name, " of processor ", number, " is ", Hex{is}, ", should be ", Hex{should});
    }
}

struct Model_register
{
    std::string_view name;
    uint32_t number;
    uint64_t value;
};

/// The MSRs of one processor with the values that they must keep.
std::array<Model_register, 8> model_registers(uint32_t number)
{
    return {{
        {"STAR", star_msr, pattern(number, 40)},
        {"LSTAR", long_star_msr, address_pattern(number, 41)},
        {"CSTAR", compatible_star_msr, address_pattern(number, 42)},
        {"SFMASK", flag_mask_msr, pattern(number, 43) & 0xffffffff},
        {"FS base", fs_base_msr, address_pattern(number, 44)},
        {"GS base", gs_base_msr, address_pattern(number, 45)},
        {"kernel GS base", kernel_gs_base_msr, address_pattern(number, 46)},
        {"SYSENTER_ESP", sysenter_stack_msr, address_pattern(number, 47)},
    }};
}

void load_system_registers(uint32_t number)
{
    for (const Model_register& entry : model_registers(number))
    {
        write_msr(entry.number, entry.value);
    }
    if (features.time_stamp_aux)
    {
        write_msr(time_stamp_aux_msr, pattern(number, 48) & 0xffffffff);
    }
    asm volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr2; mov %3, %%dr3"
                 :
                 : "r"(address_pattern(number, 50)), "r"(address_pattern(number, 51)), "r"(address_pattern(number, 52)),
                   "r"(address_pattern(number, 53)));
    asm volatile("mov %0, %%cr8" : : "r"(uint64_t{number % 4}));
    write_cr2(pattern(number, 54));
}

void check_system_registers(uint32_t number)
{
    for (const Model_register& entry : model_registers(number))
    {
        expect(entry.name, read_msr(entry.number), entry.value, number);
    }
    if (features.time_stamp_aux)
    {
        expect("TSC_AUX", read_msr(time_stamp_aux_msr), pattern(number, 48) & 0xffffffff, number);
        uint32_t aux;
        asm volatile("rdtscp" : "=c"(aux) : : "rax", "rdx");
        expect("TSC_AUX by RDTSCP", aux, pattern(number, 48) & 0xffffffff, number);
    }
    uint64_t value;
    asm volatile("mov %%dr0, %0" : "=r"(value));
    expect("DR0", value, address_pattern(number, 50), number);
    asm volatile("mov %%dr1, %0" : "=r"(value));
    expect("DR1", value, address_pattern(number, 51), number);
    asm volatile("mov %%dr2, %0" : "=r"(value));
    expect("DR2", value, address_pattern(number, 52), number);
    asm volatile("mov %%dr3, %0" : "=r"(value));
    expect("DR3", value, address_pattern(number, 53), number);
    asm volatile("mov %%cr8, %0" : "=r"(value));
    expect("CR8", value, number % 4, number);
    expect("CR2", read_cr2(), pattern(number, 54), number);
    if (features.xsave)
    {
        expect("XCR0", read_xcr0(), is_wide(number) ? 7 : 3, number);
    }
    uint16_t task;
    asm volatile("str %0" : "=r"(task));
    expect("TR", task, OVM_GUEST_FIRST_TASK, number);
}

void fill(Register_file& file, uint32_t number, bool wide)
{
    for (uint32_t index = 0; index < file.general.size(); ++index)
    {
        file.general[index] = pattern(number, index);
    }
    for (uint32_t index = 0; index < file.vector.size(); ++index)
    {
        for (uint32_t part = 0; part < (wide ? 4u : 2u); ++part)
        {
            file.vector[index][part] = pattern(number, 100 + index * 4 + part);
        }
    }
    file.x87_top = pattern(number, 20) >> 1;
    file.mxcsr = 0x1f80 | (number % 4) << 13;
    file.x87_control = 0x037f | (number % 4) << 10;
}

void check_held(const Register_file& is, const Register_file& should, uint32_t number)
{
    for (uint32_t index = 0; index < is.general.size(); ++index)
    {
        expect("general register", is.general[index], should.general[index], number);
    }
    for (uint32_t index = 0; index < is.vector.size(); ++index)
    {
        for (uint32_t part = 0; part < 4; ++part)
        {
            expect("vector register", is.vector[index][part], should.vector[index][part], number);
        }
    }
    expect("x87 stack", is.x87_top, should.x87_top, number);
    expect("MXCSR", is.mxcsr & ~0x3fu, should.mxcsr, number);
    expect("x87 control word", is.x87_control, should.x87_control, number);
}

void hold(uint32_t number)
{
    write_cr0((read_cr0() & ~uint64_t{0xe}) | 0x22); // MP and NE on; EM and TS off
    write_cr4(read_cr4() | 0x600 | (features.xsave ? 0x40000 : 0));
    const bool wide = is_wide(number);
    if (features.xsave)
    {
        write_xcr0(wide ? 7 : 3);
    }
    fill(wanted[number], number, wide);
    lapic::write(lapic::Register::timer_divide, 0xb);
    lapic::write(lapic::Register::timer, lapic::timer_periodic | timer_vector);
    lapic::write(lapic::Register::timer_initial_count, static_cast<uint32_t>(700000 + number * 130000));
    load_system_registers(number);
    const uint64_t rounds = number_option("rounds", 400);
    for (uint64_t round = 0; round < rounds; ++round)
    {
        guest_hold_registers(&wanted[number], &found[number], 1 + pattern(number, static_cast<uint32_t>(round)) % 20000,
                             round % 3 == 0, wide);
        check_held(found[number], wanted[number], number);
        check_system_registers(number);
    }
    lapic::write(lapic::Register::timer, lapic::masked);
    finished.fetch_add(1, std::memory_order_release);
}
} // namespace

uint32_t guest_main()
{
    const Cpuid_result basic = cpuid(1);
    features.xsave = (basic.ecx & (1u << 26)) != 0;
    features.avx = features.xsave && (basic.ecx & (1u << 28)) != 0;
    features.time_stamp_aux = (cpuid(0x80000001).edx & (1u << 27)) != 0;
    lapic::enable();
    set_trap_handler(timer_vector,
                     [](Trap_frame&)
                     {
                         ticks[processor_number()].fetch_add(1, std::memory_order_relaxed);
                         lapic::end_interrupt();
                     });
    print_line("registers: xsave ", features.xsave, " avx ", features.avx, " tsc_aux ", features.time_stamp_aux);
    const uint32_t processors = start_processors(hold);
    hold(0);
    while (finished.load(std::memory_order_acquire) < processors)
    {
        pause();
    }
    for (uint32_t number = 0; number < processors; ++number)
    {
        print_line("processor ", number, ": ", number_option("rounds", 400), " rounds, ", ticks[number].load(),
                   " timer interrupts");
        if (ticks[number].load() == 0)
        {
            fail("no timer interrupt on processor ", number);
        }
    }
    print_line("registers kept");
    return 0;
}
} // namespace guest
