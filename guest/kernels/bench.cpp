// What a round trip to the hypervisor costs: 1,000 of each, time-stamp difference, median, less
// what measuring itself costs; fewer with rounds=N. With a clock that ticks once per instruction these are
// instructions.
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "runtime/boot_information.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/lapic.hpp"
#include "runtime/print.hpp"
#include "runtime/processor.hpp"
#include "runtime/processors.hpp"

// One operation between two readings of the time stamp, which stays in R8 in between.
#define OVM_GUEST_MEASURE(operation, inputs...)                                                                        \
    (                                                                                                                  \
        [&]() __attribute__((always_inline))                                                                           \
        {                                                                                                              \
            uint64_t difference;                                                                                       \
            asm volatile("rdtsc\n\tshlq $32, %%rdx\n\torq %%rdx, %%rax\n\tmovq %%rax, %%r8\n\t" operation              \
                         "\n\trdtsc\n\tshlq $32, %%rdx\n\torq %%rdx, %%rax\n\tsubq %%r8, %%rax"                        \
                         : "=&a"(difference)                                                                           \
                         : inputs                                                                                      \
                         : "rbx", "rcx", "rdx", "rdi", "r8", "memory");                                                \
            return difference;                                                                                         \
        }())

namespace guest
{
namespace
{
constexpr size_t most_rounds = 1000;
constexpr uint64_t page_bytes = 4096;
constexpr uint64_t untouched = 16 << 20;

constinit std::array<uint64_t, most_rounds> samples{};
constinit size_t rounds = most_rounds;
alignas(page_bytes) constinit std::array<uint8_t, page_bytes> a_page{};
constinit uint64_t cost_of_measuring = 0;

template <class Measure>
uint64_t median(Measure&& measure)
{
    for (size_t index = 0; index < rounds; ++index)
    {
        samples[index] = measure(index);
    }
    const auto taken = std::span(samples).first(rounds);
    std::ranges::nth_element(taken, taken.begin() + rounds / 2,
                             [](uint64_t left, uint64_t right) { return left < right; });
    return samples[rounds / 2];
}

template <class Measure>
void report(std::string_view name, Measure&& measure)
{
    const uint64_t result = median(measure);
    print_line("bench ", name, " ", result - std::min(result, cost_of_measuring));
}

void bench_hypercall()
{
    // A number that no KVM-compatible hypervisor knows: it answers with an error and nothing else.
    if (attempt([] { asm volatile("vmmcall" : : "a"(0x7fffffff) : "rbx", "rcx", "rdx", "memory"); }) == no_exception)
    {
        report("hypercall", [](size_t) { return OVM_GUEST_MEASURE("movl $0x7fffffff, %%eax\n\tvmmcall"); });
    }
    else if (attempt([] { asm volatile("vmcall"
                                       :
                                       : "a"(0x7fffffff)
                                       : "rbx", "rcx", "rdx", "memory"); }) ==
             no_exception)
    {
        report("hypercall", [](size_t) { return OVM_GUEST_MEASURE("movl $0x7fffffff, %%eax\n\tvmcall"); });
    }
    else
    {
        print_line("bench hypercall none");
    }
}

void bench_interrupt_controller()
{
    if ((read_msr(0x1b) & 0x400) != 0)
    {
        print_line("bench lapic-mmio none");
    }
    else
    {
        report("lapic-mmio",
               [](size_t)
               {
                   const uint64_t address = lapic::device_address + 0x30;
                   return OVM_GUEST_MEASURE("movl (%1), %%eax", "r"(address));
               });
    }
    lapic::enable();
    if (!lapic::uses_x2apic())
    {
        print_line("bench x2apic none");
        return;
    }
    report("x2apic", [](size_t) { return OVM_GUEST_MEASURE("movl $0x803, %%ecx\n\trdmsr"); });
}

/// A first touch contains the clearing of a page. What that alone costs is measured here, by the instruction that
/// hypervisors clear pages with.
void bench_first_touch()
{
    report("page-clearing",
           [](size_t)
           {
               uint8_t* const at = a_page.data();
               return OVM_GUEST_MEASURE("movq %1, %%rdi\n\txorl %%eax, %%eax\n\tmovl $512, %%ecx\n\trep stosq",
                                        "r"(at));
           });
    if (!is_ram(untouched, rounds * page_bytes))
    {
        print_line("bench first-touch none");
        return;
    }
    report("first-touch",
           [](size_t index)
           {
               const uint64_t address = untouched + index * page_bytes;
               return OVM_GUEST_MEASURE("movb $1, (%1)", "r"(address));
           });
}
} // namespace

uint32_t guest_main()
{
    rounds = std::clamp<size_t>(number_option("rounds", most_rounds), 1, most_rounds);
    cost_of_measuring = median([](size_t) { return OVM_GUEST_MEASURE(""); });
    print_line("bench empty ", cost_of_measuring);
    report("cpuid", [](size_t) { return OVM_GUEST_MEASURE("xorl %%eax, %%eax\n\txorl %%ecx, %%ecx\n\tcpuid"); });
    report("rdmsr", [](size_t) { return OVM_GUEST_MEASURE("movl $0x1b, %%ecx\n\trdmsr"); });
    bench_hypercall();
    report("out", [](size_t) { return OVM_GUEST_MEASURE("movw $0x4f, %%dx\n\tmovb $0, %%al\n\toutb %%al, %%dx"); });
    bench_interrupt_controller();
    bench_first_touch();
    print_line("bench done");
    return 0;
}
} // namespace guest
