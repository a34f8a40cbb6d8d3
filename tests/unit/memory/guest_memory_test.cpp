#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "memory/guest_memory.hpp"
#include "policy/frames/first_touch.hpp"
#include "policy/population/eager.hpp"
#include "policy/population/lazy.hpp"

namespace
{

using namespace ovm;
using namespace ovm::memory;

class Guest_memory_test : public testing::Test
{
protected:
    Guest_memory_test()
    {
        arch::hosted::reset();
        EXPECT_TRUE(pool_.open_node(
            Node_id{0},
            std::array{Range<Host_physical>{Host_physical{0x100000}, Bytes{(std::uint64_t{6} << 30) - 0x100000}}}));
    }

    /// Frames as a busy machine leaves them.
    void dirty(Bytes size)
    {
        std::vector<Host_physical> taken;
        for (std::uint64_t at = 0; at < size.value(); at += large_page_size.value())
        {
            taken.push_back(frames_.allocate(large_order, Node_id{0}).value());
            std::ranges::fill(arch::physical_bytes(taken.back(), large_page_size), std::uint8_t{0xee});
        }
        for (auto const frame : taken)
            frames_.release(frame, large_order);
    }

    Frame_pool pool_;
    policy::First_touch_allocator frames_{pool_};
    policy::Eager_population eager_;
    policy::Lazy_population lazy_;
};

bool is_clear(std::span<const std::uint8_t> bytes)
{
    return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

TEST_F(Guest_memory_test, EagerSlicesAreBoundedAndSurviveTouches)
{
    dirty(Bytes{64 << 20});
    auto const before = frames_.free();
    {
        constexpr Bytes size{(32 << 20) + 0x5000};
        Guest_memory memory(frames_, Node_id{0}, size, eager_);
        ASSERT_TRUE(memory.open());
        std::mt19937_64 random(4);
        unsigned slices = 0;
        for (bool done = false; !done; ++slices)
        {
            auto const used = memory.used();
            done = memory.populate_some(Bytes{32 * 4096}).value();
            EXPECT_GE(memory.used(), used);
            if (slices % 9 == 0)
                ASSERT_TRUE(memory.populate(Guest_physical(random() % size.value())));
        }
        EXPECT_GE(slices, size.value() / (32 * 4096));
        for (std::uint64_t at = 0; at < size.value(); at += 4096)
        {
            auto const host = memory.translate(Guest_physical(at));
            ASSERT_TRUE(host);
            ASSERT_TRUE(is_clear(arch::physical_bytes(*host, page_size))) << at;
        }
        EXPECT_EQ(memory.find(Guest_physical{size.value() - 1})->order, 0u) << "what is left over comes in small pages";
    }
    EXPECT_EQ(frames_.free(), before);
}

TEST_F(Guest_memory_test, AGigabyteComesInOnePage)
{
    Guest_memory memory(frames_, Node_id{0}, huge_page_size, eager_);
    ASSERT_TRUE(memory.open());
    while (!memory.populate_some(Bytes{64 << 20}).value())
        continue;
    EXPECT_EQ(memory.find(Guest_physical{0})->order, 18u);
    EXPECT_EQ(memory.used(), Pages{512 * 512 + 3});
}

TEST_F(Guest_memory_test, RamLeavesAHoleForDevices)
{
    auto const before = frames_.free();
    Guest_memory memory(frames_, Node_id{0}, Bytes{std::uint64_t{4} << 30}, lazy_);
    ASSERT_TRUE(memory.open());
    for (std::uint64_t at = 0; at < std::uint64_t{5} << 30; at += 32 << 20)
        EXPECT_EQ(memory.populate(Guest_physical(at)).has_value(), at >> 30 != 3) << at;
    EXPECT_FALSE(memory.translate(Guest_physical{0xc000'0000}));
    EXPECT_FALSE(memory.translate(Guest_physical{0xffff'ffff}));
    EXPECT_TRUE(memory.populate(Guest_physical{std::uint64_t{5} << 30} - Bytes{1}));
    EXPECT_EQ(memory.populate(Guest_physical{0xfee0'0000}).error(), Error::not_found);
    EXPECT_EQ(memory.populate(Guest_physical{std::uint64_t{5} << 30}).error(), Error::not_found);

    std::array<std::uint8_t, 16> bytes{};
    EXPECT_EQ(memory.write(Guest_physical{0xbfff'fff8}, bytes).error(), Error::not_found) << "into the hole";
    EXPECT_EQ(memory.read(Guest_physical{0xffff'fff8}, bytes).error(), Error::not_found);
    EXPECT_EQ(memory.read(Guest_physical{~std::uint64_t{7}}, bytes).error(), Error::not_found);

    std::uint64_t slices = 1;
    while (!memory.release_some(16))
        ++slices;
    EXPECT_GT(slices, 16u);
    EXPECT_EQ(memory.used(), Pages{0});
    EXPECT_EQ(frames_.free(), before);
}

TEST_F(Guest_memory_test, AVmThatEndsWhileItIsFilledReturnsAll)
{
    auto const before = frames_.free();
    {
        Guest_memory memory(frames_, Node_id{0}, Bytes{16 << 20}, eager_);
        ASSERT_TRUE(memory.open());
        ASSERT_FALSE(memory.populate_some(Bytes{3 << 20}).value());
        ASSERT_FALSE(memory.release_some(1));
    }
    EXPECT_EQ(frames_.free(), before);
    {
        Guest_memory memory(frames_, Node_id{0}, Bytes{16 << 20}, eager_);
    }
    EXPECT_EQ(frames_.free(), before);
}

TEST_F(Guest_memory_test, TouchedPagesAreSmallClearAndTheirOwn)
{
    dirty(Bytes{64 << 20});
    Guest_memory one(frames_, Node_id{0}, Bytes{16 << 20}, lazy_);
    Guest_memory other(frames_, Node_id{0}, Bytes{16 << 20}, lazy_);
    ASSERT_TRUE(one.open());
    ASSERT_TRUE(other.open());
    std::mt19937_64 random(5);
    for (int i = 0; i < 2000; ++i)
    {
        Guest_physical const at(random() % (16 << 20));
        ASSERT_TRUE(one.populate(at));
        ASSERT_TRUE(other.populate(at));
        auto const mine = one.translate(at.align_down(page_size)).value();
        auto const theirs = other.translate(at.align_down(page_size)).value();
        ASSERT_NE(mine, theirs);
        auto const bytes = arch::physical_bytes(mine, page_size);
        if (bytes[0] == 0)
            ASSERT_TRUE(is_clear(bytes));
        std::ranges::fill(bytes, std::uint8_t{1});
        if (arch::physical_bytes(theirs, page_size)[0] == 0)
            ASSERT_TRUE(is_clear(arch::physical_bytes(theirs, page_size)));
        std::ranges::fill(arch::physical_bytes(theirs, page_size), std::uint8_t{2});
    }
    EXPECT_TRUE(is_clear(std::array{one.load(Guest_physical{0}, 1).value() == 2 ? std::uint8_t{1} : std::uint8_t{0}}));
}

TEST_F(Guest_memory_test, AnyAddressAndLengthIsAnAnswer)
{
    Guest_memory memory(frames_, Node_id{0}, Bytes{1 << 20}, lazy_);
    ASSERT_TRUE(memory.open());
    std::mt19937_64 random(6);
    std::array<std::uint8_t, 9000> bytes{};
    for (int i = 0; i < 20'000; ++i)
    {
        Guest_physical const at(random() >> (random() % 64));
        auto const part = std::span(bytes).first(random() % bytes.size());
        auto const fits = at.value() <= 1 << 20 && part.size() <= (1 << 20) - at.value();
        ASSERT_EQ(memory.read(at, part).has_value(), fits || part.empty());
        ASSERT_EQ(memory.write(at, part).has_value(), fits || part.empty());
        ASSERT_EQ(memory.load(at, 8).has_value(), at.value() <= (1 << 20) - 8);
    }
}

TEST_F(Guest_memory_test, SizesAreChecked)
{
    EXPECT_FALSE(Guest_memory::check(Bytes{0}));
    EXPECT_FALSE(Guest_memory::check(Bytes{4097}));
    EXPECT_FALSE(Guest_memory::check(Bytes{~std::uint64_t{0} << 12}));
    EXPECT_TRUE(Guest_memory::check(Bytes{4096}));
}

TEST(Frames, NodesThatInterleaveGetTheirOwnFramesBack)
{
    arch::hosted::reset(2, 2);
    Frame_pool pool;
    policy::First_touch_allocator frames{pool};
    constexpr Bytes size{8 << 20};
    ASSERT_TRUE(pool.open_node(Node_id{0}, std::array{Range<Host_physical>{Host_physical{0x100'0000}, size},
                                                      Range<Host_physical>{Host_physical{0x300'0000}, size}}));
    ASSERT_TRUE(pool.open_node(Node_id{1}, std::array{Range<Host_physical>{Host_physical{0x200'0000}, size},
                                                      Range<Host_physical>{Host_physical{0x400'0000}, size}}));
    auto const before = frames.free();
    std::vector<Host_physical> taken;
    for (unsigned i = 0;; ++i)
    {
        auto const frame = frames.allocate(small_order, Node_id(i % 2));
        if (!frame)
            break;
        taken.push_back(*frame);
    }
    EXPECT_EQ(taken.size(), before.value());
    EXPECT_EQ(frames.free(), Pages{0});
    std::ranges::sort(taken);
    EXPECT_EQ(std::ranges::adjacent_find(taken), taken.end());
    for (auto const frame : taken)
        frames.release(frame, small_order);
    EXPECT_EQ(frames.free(), before);
    EXPECT_DEATH(frames.release(Host_physical{0x180'0000}, small_order), "") << "in no node";
    EXPECT_DEATH(frames.split(Host_physical{0x100'0000}, large_order, small_order), "") << "not given out";
}

} // namespace
