#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "fault/injection_run.hpp"

/// Faults of every kind at every declared place, one a run: what works on must end complete and exact.
/// OVM_INJECTIONS in the environment says how many runs.
namespace ovm::test
{
namespace
{

constexpr std::uint64_t usual_runs = 500;
constexpr std::array kinds{arch::Fault::Kind::trap, arch::Fault::Kind::check, arch::Fault::Kind::contract,
                           arch::Fault::Kind::hang};

struct Row
{
    std::array<unsigned, kinds.size()> injected{};
    unsigned recovered = 0;
};

std::uint64_t wanted_runs()
{
    auto const* const text = std::getenv("OVM_INJECTIONS");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : usual_runs;
}

/// How many places a run without a fault comes by.
std::uint64_t passes_of_a_run()
{
    auto& plan = arch::hosted::injection_plan();
    plan.forget();
    Injection_run run(0);
    EXPECT_EQ(run.run(), "");
    std::uint64_t passed = 0;
    for (auto const& place : plan.places())
        passed += place.passed;
    plan.forget();
    return passed;
}

void print(const std::map<std::string_view, Row>& rows)
{
    std::printf("%-48s %5s %5s %8s %5s %9s %9s %10s\n", "place", "trap", "check", "contract", "hang", "recovered",
                "in commit", "OVM itself");
    for (auto const& place : arch::hosted::injection_plan().places())
    {
        auto const found = rows.find(place.text());
        Row const row = found == rows.end() ? Row{} : found->second;
        std::printf("%-48s %5u %5u %8u %5u %9u %9lu %10lu\n", place.text().data(), row.injected[0], row.injected[1],
                    row.injected[2], row.injected[3], row.recovered, static_cast<unsigned long>(place.in_commit.load()),
                    static_cast<unsigned long>(place.in_nobody.load()));
    }
}

TEST(Injection, WhatIsNotAtFaultWorksOn)
{
    auto const passes = passes_of_a_run();
    auto& plan = arch::hosted::injection_plan();
    ASSERT_GT(passes, 500u);
    std::map<std::string_view, Row> rows;
    unsigned failures = 0;
    for (std::uint64_t seed = 1; seed <= wanted_runs() && failures < 5; ++seed)
    {
        std::mt19937_64 random(seed);
        auto const kind = random() % kinds.size();
        std::string wrong;
        std::size_t faults = 0;
        std::string_view place;
        {
            Injection_run run(seed);
            plan.arm(nullptr, 1 + random() % passes, kinds[kind]);
            wrong = run.run();
            faults = run.policies().faults().size();
            if (auto const* const failed = plan.disarm())
                place = failed->text();
        }
        if (!wrong.empty())
        {
            ++failures;
            ADD_FAILURE() << "seed " << seed << ", " << place << ": " << wrong;
        }
        if (faults == 0)
            continue; // it came after the end, or where it would have cost the core
        auto& row = rows[place];
        ++row.injected[kind];
        row.recovered += wrong.empty() ? 1 : 0;
    }
    print(rows);
    std::uint64_t injected = 0;
    std::uint64_t recovered = 0;
    for (auto const& [place, row] : rows)
        recovered += row.recovered;
    for (auto const& place : plan.places())
        injected += place.injected + place.in_nobody;
    std::printf("outside of commit sections: %lu injected, %lu recovered\n", static_cast<unsigned long>(injected),
                static_cast<unsigned long>(recovered));
    EXPECT_GE(recovered * 100, injected * 99);
    plan.forget();
}

/// Each place by itself, so that none is left out by chance.
TEST(Injection, EveryPlaceIsReachedAndRecovered)
{
    auto& plan = arch::hosted::injection_plan();
    plan.forget();
    {
        Injection_run run(1);
        EXPECT_EQ(run.run(), "");
    }
    EXPECT_GE(plan.places().size(), 25u);
    std::map<const arch::Injection_place*, std::uint64_t> middle;
    for (auto const& place : plan.places())
        middle[&place] = 1 + place.passed / 2;
    for (auto const& [place, half] : middle)
    {
        for (std::uint64_t const at : {std::uint64_t{1}, half})
        {
            SCOPED_TRACE(place->text());
            Injection_run run(1);
            plan.arm(place, at, arch::Fault::Kind::injected);
            EXPECT_EQ(run.run(), "") << at;
            plan.disarm();
        }
    }
    plan.forget();
}

} // namespace
} // namespace ovm::test
