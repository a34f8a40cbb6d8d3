// Packing beside least-loaded: cores of a simulated machine, in steps of a millisecond.
#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "modules/cases.hpp"
#include "packing/packing.hpp"
#include "policy/placement/least_loaded.hpp"

namespace ovm::bench
{

namespace
{

constexpr std::uint32_t cores = 8;
constexpr std::uint32_t vcpus = 16;
constexpr unsigned steps_a_look = 100; ///< 100 ms
constexpr unsigned period = 30;        ///< each vcpu has a millisecond of work in so many and its number

struct Day
{
    std::uint64_t answers = 0;  ///< pieces of work that were done
    std::uint64_t longest = 0;  ///< ms from when one came until it was done
    std::uint64_t wake_ups = 0; ///< of cores that slept
    std::uint64_t asleep = 0;   ///< cores that never woke
};

/// 16 vcpus of 22 to 33 permille each for 70 seconds; what counts is what comes after the first 10 seconds.
Day live(processor::Placement& placement)
{
    constexpr unsigned begin = 10'000;
    constexpr unsigned end = 70'000;
    struct Core
    {
        std::deque<unsigned> waits{}; ///< since when
        unsigned busy = 0;            ///< since the last look
        std::uint32_t resident = 0;
        bool was_awake = false; ///< in the last step
        bool woke = false;
    };
    std::array<Core, cores> machine{};
    std::array<processor::Core_load, cores> loads{};
    std::vector<Core_id> homes;
    for (std::uint32_t vm = 1; vm <= vcpus; ++vm)
    {
        homes.push_back(placement.place({Vm_id(vm), Vcpu_index(0)}, {}, loads).value());
        ++machine[homes.back().value()].resident;
    }
    Day day;
    for (unsigned now = 0; now < end; ++now)
    {
        for (std::uint32_t vm = 0; vm < vcpus; ++vm)
        {
            if (now % (period + vm) == 0)
                machine[homes[vm].value()].waits.push_back(now);
        }
        for (auto& core : machine)
        {
            bool const awake = !core.waits.empty();
            if (awake)
            {
                ++core.busy;
                if (now >= begin)
                {
                    ++day.answers;
                    day.longest = std::max<std::uint64_t>(day.longest, now + 1 - core.waits.front());
                    day.wake_ups += !core.was_awake;
                    core.woke = true;
                }
                core.waits.pop_front();
            }
            core.was_awake = awake;
        }
        if (now % steps_a_look != steps_a_look - 1)
            continue;
        for (std::uint32_t i = 0; i < cores; ++i)
        {
            loads[i] = {.resident = machine[i].resident, .busy_permille = machine[i].busy * 1000 / steps_a_look};
            machine[i].busy = 0;
        }
        auto const move = placement.rebalance(loads, arch::to_ticks(Nanoseconds(now * 1'000'000ull))).value();
        if (!move)
            continue;
        homes[move->vcpu.vm.value() - 1] = move->to;
        --machine[move->from.value()].resident;
        ++machine[move->to.value()].resident;
        static_cast<void>(placement.moved(move->vcpu, move->to));
    }
    for (auto const& core : machine)
        day.asleep += !core.woke;
    return day;
}

} // namespace

void compare_placements()
{
    arch::hosted::reset(cores);
    std::array<std::uint64_t, 4> const values{100, 600, 800, 8};
    modules::Packing packing{object::Values(values)};
    policy::Least_loaded_placement least_loaded(cores, {});
    auto const ours = live(packing);
    auto const theirs = live(least_loaded);
    compare("packing, 16 light vcpus on 8 cores", "cores asleep", ours.asleep, "least-loaded", theirs.asleep);
    compare("packing, 16 light vcpus on 8 cores", "wake-ups", ours.wake_ups, "least-loaded", theirs.wake_ups);
    compare("packing, 16 light vcpus on 8 cores", "answers", ours.answers, "least-loaded", theirs.answers);
    compare("packing, 16 light vcpus on 8 cores", "longest, ms", ours.longest, "least-loaded", theirs.longest);
}

} // namespace ovm::bench
