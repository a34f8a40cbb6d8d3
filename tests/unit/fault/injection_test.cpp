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
    arch::hosted::forget_injections();
    Injection_run run(0);
    arch::hosted::arm_injection("", ~std::uint64_t{0}, arch::Fault::Kind::injected);
    EXPECT_EQ(run.run(), "");
    std::uint64_t passed = 0;
    for (auto const& [place, count] : arch::hosted::injection_counts())
        passed += count.passed;
    arch::hosted::forget_injections();
    return passed;
}

void print(const std::map<std::string, Row>& rows)
{
    auto const counts = arch::hosted::injection_counts();
    std::printf("%-48s %5s %5s %8s %5s %9s %9s %10s\n", "place", "trap", "check", "contract", "hang", "recovered",
                "in commit", "OVM itself");
    for (auto const& [place, count] : counts)
    {
        auto const found = rows.find(place);
        Row const row = found == rows.end() ? Row{} : found->second;
        std::printf("%-48s %5u %5u %8u %5u %9u %9lu %10lu\n", place.c_str(), row.injected[0], row.injected[1],
                    row.injected[2], row.injected[3], row.recovered, static_cast<unsigned long>(count.in_commit),
                    static_cast<unsigned long>(count.refused));
    }
}

TEST(Injection, WhatIsNotAtFaultWorksOn)
{
    auto const passes = passes_of_a_run();
    ASSERT_GT(passes, 500u);
    std::map<std::string, Row> rows;
    unsigned failures = 0;
    for (std::uint64_t seed = 1; seed <= wanted_runs() && failures < 5; ++seed)
    {
        std::mt19937_64 random(seed);
        auto const kind = random() % kinds.size();
        std::string wrong;
        std::size_t faults = 0;
        std::string place;
        {
            Injection_run run(seed);
            arch::hosted::arm_injection("", 1 + random() % passes, kinds[kind]);
            wrong = run.run();
            faults = run.policies().faults().size();
            place = arch::hosted::take_injection();
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
    for (auto const& [place, count] : arch::hosted::injection_counts())
        injected += count.injected + count.refused;
    std::printf("outside of commit sections: %lu injected, %lu recovered\n", static_cast<unsigned long>(injected),
                static_cast<unsigned long>(recovered));
    EXPECT_GE(recovered * 100, injected * 99);
    arch::hosted::forget_injections();
}

/// Each place by itself, so that none is left out by chance.
TEST(Injection, EveryPlaceIsReachedAndRecovered)
{
    static_cast<void>(passes_of_a_run());
    {
        Injection_run run(1);
        arch::hosted::arm_injection("", ~std::uint64_t{0}, arch::Fault::Kind::injected);
        EXPECT_EQ(run.run(), "");
    }
    auto const places = arch::hosted::injection_counts();
    EXPECT_GE(places.size(), 25u);
    for (auto const& [place, count] : places)
    {
        for (std::uint64_t const at : {std::uint64_t{1}, 1 + count.passed / 2})
        {
            SCOPED_TRACE(place);
            Injection_run run(1);
            arch::hosted::arm_injection(place, at, arch::Fault::Kind::injected);
            EXPECT_EQ(run.run(), "") << at;
            arch::hosted::take_injection();
        }
    }
    arch::hosted::forget_injections();
}

} // namespace
} // namespace ovm::test
