#include "memory/node_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "memory/frame_pool.hpp"

namespace
{

using namespace ovm;
using namespace ovm::memory;

using Ranges = std::vector<Range<Host_physical>>;

constexpr std::uint64_t mebibyte = 1u << 20;

/// From and to in MiB.
constexpr Range<Host_physical> mebibytes(std::uint64_t begin, std::uint64_t end)
{
    return {Host_physical{begin * mebibyte}, Bytes{(end - begin) * mebibyte}};
}

Bytes bookkeeping(const Ranges& ranges)
{
    Page_numbers numbers;
    for (auto const& range : ranges)
        EXPECT_TRUE(numbers.add(range));
    return Node_frames::bookkeeping(numbers);
}

TEST(Node_frames, BookkeepingIsFiveBytesAPageAndNoneForHoles)
{
    EXPECT_EQ(bookkeeping({mebibytes(0, 1024)}), Bytes{5u << 18});
    EXPECT_EQ(bookkeeping({mebibytes(0, 2048), mebibytes(4096, 5120)}), Bytes{3 * (5u << 18)});
    EXPECT_EQ(bookkeeping({mebibytes(0, 2048), mebibytes(1u << 20, (1u << 20) + 1024)}), Bytes{3 * (5u << 18)});
    EXPECT_EQ(bookkeeping({{Host_physical{0}, Bytes{4096 * 3}}}), Bytes{4096});
}

/// Two nodes: the second one lies between the ranges of the first, both have holes within and between sections, and
/// every range begins or ends in the middle of a section.
class Holes : public testing::Test
{
protected:
    Holes()
    {
        arch::hosted::reset(2, 2);
        for (std::uint32_t node = 0; node < ranges.size(); ++node)
        {
            EXPECT_TRUE(pool.open_node(Node_id(node), ranges[node]));
            full[node] = pool.free(Node_id(node));
        }
    }

    static bool is_memory_of(std::uint32_t node, Host_physical at, Page_order order)
    {
        return std::ranges::any_of(ranges[node], [&](const auto& range) { return range.contains(at, size_of(order)); });
    }

    static inline const std::vector<Ranges> ranges{
        {mebibytes(1, 100), mebibytes(101, 1600), mebibytes(4000, 5120), mebibytes(9000, 9001)},
        {mebibytes(1600, 1900), mebibytes(2000, 2100), mebibytes(7000, 8900)},
    };
    Frame_pool pool;
    std::array<Pages, 2> full{};
};

TEST_F(Holes, AllMemoryIsThereButTheBookkeeping)
{
    for (std::uint32_t node = 0; node < ranges.size(); ++node)
    {
        Bytes memory{0};
        for (auto const& range : ranges[node])
            memory += range.size;
        EXPECT_EQ(to_bytes(full[node]) + bookkeeping(ranges[node]), memory);
    }
}

TEST_F(Holes, EachNodeGivesItsOwnPagesAndEachOnce)
{
    for (std::uint32_t node = 0; node < ranges.size(); ++node)
    {
        std::vector<Host_physical> taken;
        while (auto const page = pool.allocate(Node_id(node), small_order))
            taken.push_back(*page);
        EXPECT_EQ(taken.size(), full[node].value());
        for (auto const page : taken)
            ASSERT_TRUE(is_memory_of(node, page, small_order)) << page.value();
        std::ranges::sort(taken);
        EXPECT_EQ(std::ranges::adjacent_find(taken), taken.end());
        for (auto const page : taken)
            pool.release(page, small_order);
        EXPECT_EQ(pool.free(Node_id(node)), full[node]);
    }
}

TEST_F(Holes, BlocksOfEverySizeLieInMemoryAndMergeAgain)
{
    Pages at_first[page_orders];
    for (std::uint8_t order = 0; order < page_orders; ++order)
        at_first[order] = pool.free_in_blocks(Page_order(order));
    EXPECT_EQ(at_first[huge_order.value()], Pages{2u << 18}) << "the sections at 4 and 7 GiB are whole";

    std::mt19937_64 random(11);
    struct Block
    {
        Host_physical at{};
        Page_order order{};
    };
    std::vector<Block> held;
    std::map<std::uint64_t, std::uint64_t> given; // begin to end
    auto const release = [&](std::size_t which)
    {
        pool.release(held[which].at, held[which].order);
        given.erase(held[which].at.value());
        held[which] = held.back();
        held.pop_back();
    };
    for (unsigned step = 0; step < 60'000; ++step)
    {
        if (!held.empty() && random() % 20 < 9)
        {
            release(random() % held.size());
            continue;
        }
        auto const node = static_cast<std::uint32_t>(random() % 2);
        Page_order const order(static_cast<std::uint8_t>(random() % 3 != 0 ? random() % 4 : random() % page_orders));
        Block_choice const choice{.end = static_cast<Block_choice::End>(random() % 3),
                                  .look = static_cast<std::uint8_t>(1 + random() % 4)};
        auto const at = pool.allocate(Node_id(node), order, choice);
        if (!at)
            continue;
        ASSERT_TRUE(is_memory_of(node, *at, order)) << at->value() << " of order " << unsigned{order.value()};
        ASSERT_TRUE(at->is_aligned(size_of(order)));
        auto const end = at->value() + size_of(order).value();
        auto const next = given.lower_bound(at->value());
        ASSERT_TRUE(next == given.end() || next->first >= end);
        ASSERT_TRUE(next == given.begin() || std::prev(next)->second <= at->value());
        given.emplace(at->value(), end);
        held.push_back({*at, order});
    }
    while (!held.empty())
        release(random() % held.size());
    for (std::uint8_t order = 0; order < page_orders; ++order)
        EXPECT_EQ(pool.free_in_blocks(Page_order(order)), at_first[order]) << "of order " << unsigned{order};
}

TEST_F(Holes, WhatIsInAHoleIsNotGivenBack)
{
    for (auto const at : {100u, 1950u, 3000u, 3999u, 6000u, 8950u, 9500u})
        EXPECT_DEATH(pool.release(Host_physical{at * mebibyte}, small_order), "") << at << " MiB";
    EXPECT_DEATH(pool.release(Host_physical{5119 * mebibyte}, small_order), "") << "not given out";
}

TEST(Node_frames, ARangeIsAddedWhereItWasNumbered)
{
    Page_numbers numbers;
    ASSERT_TRUE(numbers.add(mebibytes(0, 4)));
    ASSERT_TRUE(numbers.add(mebibytes(8192, 8196)));
    std::vector<std::uint8_t> storage(Node_frames::bookkeeping(numbers).value());
    Node_frames frames;
    frames.open(numbers, storage);
    EXPECT_DEATH(frames.add(mebibytes(4096, 4097)), "another node");
    EXPECT_DEATH(frames.add(mebibytes(3, 8193)), "") << "a hole";
    EXPECT_DEATH(frames.add(mebibytes(8192, 8197)), "") << "beyond the end";
    frames.add(mebibytes(8192, 8196));
    EXPECT_EQ(*frames.allocate(Page_order(10)), Host_physical{8192 * mebibyte});
    EXPECT_DEATH(frames.add(mebibytes(8193, 8194)), "") << "twice";
}

TEST(Node_frames, APageOfAColourComesOutOfAnyBlockThatHasOneAndAllJoinAgain)
{
    arch::hosted::reset();
    Frame_pool pool;
    ASSERT_TRUE(pool.open_node(Node_id{0}, std::array{mebibytes(16, 32)}));
    auto const whole = pool.free_in_blocks(large_order);
    auto const all = pool.free();
    std::mt19937_64 random(5);
    for (std::uint8_t bits = 1; bits <= Block_choice::most_colours; ++bits)
    {
        std::vector<Host_physical> pages;
        for (unsigned i = 0; i < 200; ++i)
        {
            auto const colour = static_cast<std::uint8_t>(random() % (1u << bits));
            auto const page = pool.allocate(Node_id{0}, small_order, {.look = 8, .colours = bits, .colour = colour});
            ASSERT_TRUE(page);
            ASSERT_EQ(page->value() / page_size.value() % (1u << bits), colour);
            pages.push_back(*page);
        }
        std::ranges::shuffle(pages, random);
        for (auto const page : pages)
            pool.release(page, small_order);
        ASSERT_EQ(pool.free(), all);
        ASSERT_EQ(pool.free_in_blocks(large_order), whole);
    }
}

/// The number of the page of colour 1 that is given of 1024 pages, all in one block.
std::uint64_t page_of_colour_one(std::uint8_t colours, Block_choice::End end)
{
    Page_numbers numbers;
    EXPECT_TRUE(numbers.add(mebibytes(0, 4)));
    std::vector<std::uint8_t> storage(Node_frames::bookkeeping(numbers).value());
    Node_frames frames;
    frames.open(numbers, storage);
    frames.add(mebibytes(0, 4));
    auto const page = frames.allocate(small_order, {.end = end, .colours = colours, .colour = 1});
    return page ? page->value() / page_size.value() : ~std::uint64_t{0};
}

TEST(Node_frames, ABlockIsBrokenAtTheEndThatIsWantedDownToTheColours)
{
    for (std::uint8_t colours = 1; colours <= Block_choice::most_colours; ++colours)
    {
        EXPECT_EQ(page_of_colour_one(colours, Block_choice::End::low), 1u);
        EXPECT_EQ(page_of_colour_one(colours, Block_choice::End::high), 1024u - (1u << colours) + 1);
    }
}

TEST(Node_frames, WhatIsLeftOfAColourIsServedBeforeAnotherBlockIsBroken)
{
    arch::hosted::reset();
    Frame_pool pool;
    ASSERT_TRUE(pool.open_node(Node_id{0}, std::array{mebibytes(16, 32)}));
    auto const take = [&pool](std::uint8_t colour)
    { return pool.allocate(Node_id{0}, small_order, {.look = 4, .colours = 2, .colour = colour}).value(); };
    auto const whole = pool.free_in_blocks(Page_order{2});
    for (unsigned i = 0; i < 16; ++i)
    {
        for (std::uint8_t const colour : {2, 1, 3, 0})
            take(colour);
    }
    EXPECT_GE(pool.free_in_blocks(Page_order{2}) + Pages{64}, whole);
    EXPECT_FALSE(Block_choice({.colours = 2, .colour = 4}).is_possible(small_order));
    EXPECT_FALSE(Block_choice({.colours = 2}).is_possible(large_order)) << "it has all of them";
    EXPECT_FALSE(Block_choice({.look = 65}).is_possible(small_order));
}

} // namespace
