// Modules beside the built-in policies that they stand in for, each in the case that it is for; those of schedulers and
// halt policies here. Time is a simulated core's, in ticks of a nanosecond, so that every figure is the same each run.
#include <array>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "edf/edf.hpp"
#include "lottery/lottery.hpp"
#include "modules/cases.hpp"
#include "pairing/pairing.hpp"
#include "policy/halt/adaptive.hpp"
#include "policy/scheduler/deadline_scheduler.hpp"
#include "policy/scheduler/fair_scheduler.hpp"
#include "policy/scheduler/round_robin_scheduler.hpp"
#include "policy/scheduler_simulator.hpp"
#include "predictor/predictor.hpp"
#include "stride/stride.hpp"
#include "support/step_counter.hpp"

namespace ovm::bench
{

void compare(const std::string& what, const std::string& unit, std::uint64_t module, const std::string& built_in,
             std::uint64_t other)
{
    std::printf("case: %s|%s|%llu|%s|%llu\n", what.c_str(), unit.c_str(), static_cast<unsigned long long>(module),
                built_in.c_str(), static_cast<unsigned long long>(other));
}

namespace
{

using test::make_scheduler;
using test::Scheduler_simulator;
using test::Shared_scheduler;

constexpr Ticks microsecond{1'000};
constexpr Ticks millisecond{1'000'000};
constexpr Ticks second{1'000'000'000};
constexpr Ticks slice = millisecond * 10;

template <typename Module, typename... Values>
Shared_scheduler module(Values... values)
{
    std::array<std::uint64_t, sizeof...(Values)> const given{static_cast<std::uint64_t>(values)...};
    return std::make_shared<Module>(object::Values(given));
}

Shared_scheduler fair()
{
    return make_scheduler<policy::Fair_scheduler>(policy::Fair_scheduler::Parameters{.slice = slice});
}

Shared_scheduler round_robin()
{
    return make_scheduler<policy::Round_robin_scheduler>(policy::Round_robin_scheduler::Parameters{.slice = slice});
}

Shared_scheduler deadline()
{
    return make_scheduler<policy::Deadline_scheduler>(policy::Deadline_scheduler::Parameters{.slice = slice});
}

/// Permille of the core that the first of three vcpus of weights 700, 200 and 100 gets.
std::uint64_t share(Shared_scheduler scheduler)
{
    Scheduler_simulator simulator(std::move(scheduler));
    for (std::uint32_t const weight : {700, 200, 100})
        simulator.add({.weight = weight});
    simulator.run(second * 100);
    return simulator.served(0).value() / (second.value() / 10);
}

/// Instructions of 100 choices, each at the end of a turn, with that many vcpus of different weights.
std::uint64_t choices(const std::function<Shared_scheduler()>& make, std::uint32_t vcpus)
{
    constexpr unsigned count = 100;
    auto const counts = count_instructions(
        [&]
        {
            Scheduler_simulator simulator(make());
            for (std::uint32_t i = 0; i < vcpus; ++i)
                simulator.add({.weight = 100 + 50 * i});
            auto now = simulator.now();
            auto& scheduler = simulator.scheduler();
            for (unsigned i = 0; i < 3 * count; ++i)
            {
                if (i >= 2 * count)
                    mark();
                auto const choice = scheduler.choose(now);
                if (i >= 2 * count)
                    mark();
                now = choice.until ? std::max(*choice.until, now + Ticks(1)) : now + slice;
            }
        });
    std::uint64_t sum = 0;
    for (auto const each : counts)
        sum += each;
    return sum / count;
}

/// Two vcpus ask and answer each other, 50 us of work each, beside two that compute, for 10 seconds.
struct Talk
{
    std::uint64_t answers = 0;
    std::uint64_t interrupted = 0; ///< times that another one ran between a question and its answer
};

Talk talk(Shared_scheduler scheduler)
{
    Scheduler_simulator simulator(std::move(scheduler));
    auto turn = simulator.add();
    auto other = simulator.add();
    auto const asks = turn;
    simulator.block(other);
    simulator.add();
    simulator.add();
    Talk result;
    bool interrupted = false;
    auto until = microsecond * 50;
    for (auto const end = simulator.now() + second * 10; simulator.now() < end;)
    {
        simulator.turn(std::min(until - simulator.served(turn), microsecond * 50));
        interrupted = interrupted || simulator.current() > 1;
        if (simulator.served(turn) < until)
            continue;
        result.interrupted += interrupted;
        result.answers += turn != asks;
        interrupted = false;
        simulator.wake(other);
        simulator.block(turn);
        std::swap(turn, other);
        until = simulator.served(turn) + microsecond * 50;
    }
    return result;
}

/// Instructions of the scheduler for one question or answer: the other one wakes, the first one sleeps, who runs?
std::uint64_t cost_of_talk(const std::function<Shared_scheduler()>& make)
{
    constexpr unsigned count = 100;
    auto const counts = count_instructions(
        [&]
        {
            Scheduler_simulator simulator(make());
            unsigned turn = simulator.add();
            unsigned other = simulator.add();
            simulator.add();
            simulator.add();
            simulator.block(other);
            auto& scheduler = simulator.scheduler();
            static_cast<void>(scheduler.choose(simulator.now()));
            for (unsigned i = 0; i < count; ++i)
            {
                auto const now = simulator.now() + microsecond * i;
                mark();
                scheduler.wake(simulator.vcpu(other), now);
                scheduler.block(simulator.vcpu(turn), now);
                asm volatile("" ::"r"(scheduler.choose(now).next));
                mark();
                std::swap(turn, other);
            }
        });
    std::uint64_t sum = 0;
    for (auto const each : counts)
        sum += each;
    return sum / count;
}

void compare_talk(const std::string& built_in, Shared_scheduler scheduler)
{
    auto const ours = talk(module<modules::Pairing>(slice.value()));
    auto const theirs = talk(std::move(scheduler));
    compare("pairing, beside two that compute", "answers", ours.answers, built_in, theirs.answers);
    compare("pairing, beside two that compute", "interrupted", ours.interrupted, built_in, theirs.interrupted);
}

/// Two vcpus have reserved 30% each and use them up; a third one has no reservation, and wants 100 us at times. How
/// long it waits for that at the most, in microseconds; and whether a reserved period was not served in full.
std::uint64_t longest_wait(Shared_scheduler scheduler, bool& kept)
{
    Scheduler_simulator simulator(std::move(scheduler));
    auto const period = millisecond * 20;
    std::array<unsigned, 2> const reserved{simulator.add({.budget = millisecond * 6, .period = period}),
                                           simulator.add({.budget = millisecond * 6, .period = period})};
    auto const other = simulator.add();
    simulator.block(other);
    std::mt19937_64 random(1);
    auto next = simulator.now();
    auto until = Ticks(0);
    std::array<Ticks, 2> before{};
    kept = true;
    auto period_end = simulator.now() + period;
    for (auto const end = simulator.now() + second * 10; simulator.now() < end;)
    {
        if (!simulator.runnable(other) && simulator.now() >= next)
        {
            simulator.wake(other);
            until = simulator.served(other) + microsecond * 100;
        }
        if (simulator.runnable(other) && simulator.served(other) >= until)
        {
            simulator.block(other);
            next = simulator.now() + microsecond * (2'000 + random() % 10'000);
        }
        simulator.turn(microsecond * 10);
        if (simulator.now() >= period_end)
        {
            for (unsigned i = 0; i < 2; ++i)
            {
                kept = kept && simulator.served(reserved[i]) - before[i] >= millisecond * 5;
                before[i] = simulator.served(reserved[i]);
            }
            period_end += period;
        }
    }
    return simulator.longest_wait(other).value() / microsecond.value();
}

/// Of 4000 sleeps of a vcpu: microseconds in which its core looked for a wake-up that did not come, and in how many
/// permille of the sleeps it came.
struct Polling
{
    std::uint64_t in_vain = 0;
    std::uint64_t hits = 0;
};

Polling polling(processor::Halt& halt, const std::function<Ticks(unsigned)>& sleep)
{
    constexpr unsigned sleeps = 4000;
    processor::Halt_account account{};
    processor::Vcpu_identity const vcpu{Vm_id(1), Vcpu_index(0)};
    Polling result;
    for (unsigned i = 0; i < sleeps; ++i)
    {
        auto const window = *halt.poll(vcpu, account, Ticks(0));
        auto const slept = sleep(i);
        auto const hit = slept < window;
        result.hits += hit;
        result.in_vain += hit ? 0 : window.value();
        static_cast<void>(halt.woke(vcpu, account, slept, hit));
    }
    result.in_vain /= microsecond.value();
    result.hits = result.hits * 1000 / sleeps;
    return result;
}

void compare_polling(const std::string& what, const std::function<Ticks(unsigned)>& sleep)
{
    std::array<std::uint64_t, 1> const values{(microsecond * 200).value()};
    modules::Predictor predictor{object::Values(values)};
    policy::Adaptive_halt adaptive(policy::Adaptive_halt::Parameters{});
    auto const first = polling(predictor, sleep);
    auto const second_one = polling(adaptive, sleep);
    compare("predictor, " + what, "us in vain", first.in_vain, "adaptive", second_one.in_vain);
    compare("predictor, " + what, "permille met", first.hits, "adaptive", second_one.hits);
}

void compare_all()
{
    using namespace modules;
    compare("lottery, weight 700 of 1000", "permille", share(module<Lottery>(slice.value(), 1)), "fair", share(fair()));
    compare("stride, weight 700 of 1000", "permille", share(module<Stride>(slice.value())), "fair", share(fair()));
    for (std::uint32_t const vcpus : {2, 4, 8, 16})
    {
        auto const name = std::to_string(vcpus) + " vcpus";
        auto const other = choices(fair, vcpus);
        compare("lottery, " + name, "instructions", choices([] { return module<Lottery>(slice.value(), 1); }, vcpus),
                "fair", other);
        compare("stride, " + name, "instructions", choices([] { return module<Stride>(slice.value()); }, vcpus), "fair",
                other);
    }
    compare("pairing, a question", "instructions", cost_of_talk([] { return module<Pairing>(slice.value()); }), "fair",
            cost_of_talk(fair));
    compare_talk("fair", fair());
    compare_talk("round-robin", round_robin());
    bool kept = false;
    bool kept_too = false;
    auto const wait = longest_wait(module<Edf>(slice.value(), 950), kept);
    auto const other_wait = longest_wait(deadline(), kept_too);
    compare("edf, longest wait", "us", wait, "deadline", other_wait);
    compare("edf, reservations kept", "yes", kept, "deadline", kept_too);
    compare_polling("sleeps of 150 us", [](unsigned) { return microsecond * 150; });
    compare_polling("sleeps of 300 us", [](unsigned) { return microsecond * 300; });
    compare_polling("20 us thrice, then 5 ms",
                    [](unsigned i) { return i % 4 == 3 ? millisecond * 5 : microsecond * 20; });
    compare_polling("20 us and 300 us in turn", [](unsigned i) { return microsecond * (i % 2 == 0 ? 20 : 300); });
    compare_polling("20 us and 150 us in turn", [](unsigned i) { return microsecond * (i % 2 == 0 ? 20 : 150); });
    compare_populations();
    compare_frames();
    compare_placements();
}

} // namespace

} // namespace ovm::bench

int main()
{
    ovm::bench::compare_all();
    return 0;
}
