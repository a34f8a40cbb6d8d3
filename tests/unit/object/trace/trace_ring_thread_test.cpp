#include "object/trace/trace_ring.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace ovm::object
{
namespace
{

constexpr weave::Join_point here{"here", "trace_ring_thread_test.cpp", 1};

/// All of an entry follows from its number, so that a torn one shows.
Trace_entry entry_of(std::uint64_t number)
{
    return {.when = Ticks(3 * number), .where = &here, .number = 7 * number};
}

TEST(Trace_ring, gives_back_the_latest_entries)
{
    auto const ring = std::make_unique<Trace_ring>();
    EXPECT_EQ(ring->recorded(), 0u);
    for (std::uint64_t i = 0; i < 3 * Trace_ring::capacity + 5; ++i)
        ring->record(entry_of(i));
    EXPECT_EQ(ring->recorded(), 3 * Trace_ring::capacity + 5);
    EXPECT_EQ(ring->at(2 * Trace_ring::capacity + 4), std::nullopt);
    for (auto i = 2 * Trace_ring::capacity + 5; i < ring->recorded(); ++i)
        EXPECT_EQ(ring->at(i), entry_of(i));
}

TEST(Trace_ring, has_no_entry_before_the_first)
{
    auto const ring = std::make_unique<Trace_ring>();
    EXPECT_EQ(ring->at(0), std::nullopt);
}

TEST(Trace_ring, shows_no_torn_entry_to_another_core)
{
    auto const ring = std::make_unique<Trace_ring>();
    constexpr std::uint64_t last = 200'000;
    std::thread writer(
        [&]
        {
            for (std::uint64_t i = 0; i < last; ++i)
                ring->record(entry_of(i));
        });
    while (ring->recorded() < last)
    {
        auto const end = ring->recorded();
        for (auto i = end < 8 ? 0 : end - 8; i < end; ++i)
        {
            if (auto const entry = ring->at(i))
            {
                EXPECT_EQ(*entry, entry_of(i));
            }
        }
    }
    writer.join();
    EXPECT_EQ(ring->at(last - 1), entry_of(last - 1));
}

} // namespace
} // namespace ovm::object
