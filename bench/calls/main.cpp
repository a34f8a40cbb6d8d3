#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "calls/subject.hpp"
#include "object/clustered/epoch.hpp"
#include "sharing/operations.hpp"
#include "support/step_counter.hpp"

namespace ovm::bench
{

namespace
{

constexpr unsigned rounds = 100;

void figure(const std::string& name, std::uint64_t value)
{
    std::printf("bench: %s %llu\n", name.c_str(), static_cast<unsigned long long>(value));
}

/// Instructions of one `operation`, the median, after what `set_up` did in the same process.
template <typename Set_up, typename Action>
std::uint64_t count(Set_up set_up, Action operation)
{
    auto counts = count_instructions(
        [&]
        {
            set_up();
            operation();
            for (unsigned round = 0; round < rounds; ++round)
            {
                mark();
                operation();
                mark();
            }
        });
    std::ranges::sort(counts);
    return counts[counts.size() / 2];
}

/// A call in each way, beside a virtual call of an object at hand.
void measure_calls()
{
    auto const count_call = [](void (*set_up)(), std::uint64_t (*call)())
    { return count(set_up, [call] { asm volatile("" ::"r"(call())); }); };
    auto const plain = count_call(set_up_pointer, call_plainly);
    auto const more = [&](const char* name, void (*set_up)(), std::uint64_t (*call)())
    { figure(name, count_call(set_up, call) - plain); };
    figure("virtual-call-instructions", plain);
    more("reference-more-instructions", set_up_reference, call_through_reference);
    more("rcu-more-instructions", set_up_rcu, call_under_rcu);
    more("rcu-quiescent-more-instructions", set_up_quiescent_rcu, call_under_quiescent_rcu);
    more("shared-pointer-more-instructions", set_up_shared_pointer, call_by_shared_pointer);
    // What a crossing pays once for all its calls.
    figure("crossing-instructions", count([] {},
                                          []
                                          {
                                              auto& window = arch::core_window();
                                              object::announce_crossing(window);
                                              object::end_crossing(window);
                                          }));
}

void measure_totals()
{
    std::uint64_t sum = 0;
    for (std::uint32_t size = 1; size <= most_cores; size *= 8)
    {
        Cores cores(size);
        auto const set_up = [&]
        {
            for (std::uint32_t core = 0; core < size; ++core)
                cores.perform(Operation::look_up, core);
        };
        figure("reduce-" + std::to_string(size) + "-instructions",
               count(set_up, [&] { sum += test::total(cores.tally()); }));
    }
}

/// As the machine grows, an operation stays as long as it was.
void measure_operations()
{
    for (auto const operation : operations)
    {
        auto const name = std::string(name_of(operation));
        std::vector<std::uint64_t> counts;
        // A single core is nobody's next: its message is its own.
        for (std::uint32_t size = 2; size <= most_cores; size *= 2)
        {
            Cores cores(size);
            auto const last = size - 1;
            auto const perform = [&cores, last](Operation which)
            { return count([] {}, [&cores, last, which] { cores.perform(which, last); }); };
            counts.push_back(perform(operation) - perform(Operation::nothing));
        }
        figure(name + "-instructions", counts.front());
        figure("growth-" + name + "-instructions", std::ranges::max(counts) - std::ranges::min(counts));
    }
}

} // namespace

} // namespace ovm::bench

/// Prints `bench: NAME VALUE` lines; bench/objects reads them.
int main()
{
    ovm::bench::measure_calls();
    ovm::bench::measure_totals();
    ovm::bench::measure_operations();
    return 0;
}
