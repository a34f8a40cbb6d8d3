#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "memory/frames.hpp"
#include "memory/guest_memory.hpp"
#include "memory/heap.hpp"
#include "policy/frames/first_touch.hpp"
#include "policy/population/eager.hpp"
#include "policy/population/lazy.hpp"

namespace
{

using namespace ovm;
using namespace ovm::memory;

constexpr Range<Host_physical> whole{Host_physical{0}, Bytes{64 << 20}};

class Memory : public testing::Test
{
protected:
    Memory()
    {
        arch::hosted::reset();
        EXPECT_TRUE(
            pool_.open_node(Node_id{0}, std::array{Range<Host_physical>{Host_physical{0x100000}, Bytes{63 << 20}}}));
    }

    Frame_pool pool_;
    policy::First_touch_allocator frames_{pool_};
};

TEST_F(Memory, EveryBlockIsAlignedAndGivenOnce)
{
    auto const before = frames_.free();
    std::map<std::uint64_t, Page_order> given;
    std::uint64_t seed = 7;
    for (int step = 0; step < 20000; ++step)
    {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        if ((seed >> 60) < 9 && !given.empty())
        {
            auto at = given.lower_bound((seed >> 20) % whole.size.value());
            if (at == given.end())
                at = given.begin();
            frames_.release(Host_physical(at->first), at->second);
            given.erase(at);
            continue;
        }
        Page_order const order(static_cast<std::uint8_t>((seed >> 33) % 10));
        auto const frame = frames_.allocate(order, Node_id{0});
        if (!frame)
            continue;
        ASSERT_TRUE(frame->is_aligned(size_of(order)));
        auto const after = given.lower_bound(frame->value());
        if (after != given.end())
            ASSERT_LE(frame->value() + size_of(order).value(), after->first);
        if (after != given.begin())
            ASSERT_LE(std::prev(after)->first + size_of(std::prev(after)->second).value(), frame->value());
        given.emplace(frame->value(), order);
    }
    for (auto const& [at, order] : given)
        frames_.release(Host_physical(at), order);
    EXPECT_EQ(frames_.free(), before) << "buddies join again";
}

TEST_F(Memory, DoubleReleaseBreaksTheContract)
{
    auto const frame = frames_.allocate(small_order, Node_id{0});
    ASSERT_TRUE(frame);
    frames_.release(*frame, small_order);
    EXPECT_DEATH(frames_.release(*frame, small_order), "");
    EXPECT_DEATH(frames_.release(*frame, large_order), "");
}

TEST_F(Memory, HeapReusesBlocksAndClearsThem)
{
    Heap heap(frames_, Node_id{0});
    struct Thing
    {
        std::array<std::uint64_t, 20> values{};
    };
    for (int round = 0; round < 10000; ++round)
    {
        auto thing = make<Thing>(heap);
        ASSERT_TRUE(thing);
        ASSERT_EQ((*thing)->values[19], 0u);
        (*thing)->values[19] = 1;
    }
    EXPECT_EQ(heap.used(), Pages{1});
    auto large = make<std::array<std::uint8_t, 100'000>>(heap);
    ASSERT_TRUE(large);
    EXPECT_EQ(heap.used(), Pages{33});
}

TEST_F(Memory, EagerGuestGetsLargePagesAndReturnsAll)
{
    auto const before = frames_.free();
    {
        policy::Eager_population eager;
        Guest_memory memory(frames_, Node_id{0}, Bytes{9 << 20}, eager);
        ASSERT_TRUE(memory.open());
        for (;;)
        {
            auto const done = memory.populate_some(Bytes{1 << 20});
            ASSERT_TRUE(done);
            if (*done)
                break;
        }
        EXPECT_TRUE(memory.translate(Guest_physical{(9 << 20) - 1}));
        EXPECT_EQ(memory.translate(Guest_physical{9 << 20}).error(), Error::not_present);
        EXPECT_EQ(memory.populate(Guest_physical{9 << 20}).error(), Error::not_found);
        std::array<std::uint8_t, 8192> pattern{};
        pattern.fill(0x5a);
        EXPECT_TRUE(memory.write(Guest_physical{0x1ff800}, pattern));
        std::array<std::uint8_t, 8192> back{};
        EXPECT_TRUE(memory.read(Guest_physical{0x1ff800}, back));
        EXPECT_EQ(pattern, back);
        EXPECT_FALSE(memory.write(Guest_physical{(9 << 20) - 100}, pattern));
        EXPECT_FALSE(memory.store(Guest_physical{~std::uint64_t{0}}, 8, 1));
    }
    EXPECT_EQ(frames_.free(), before);
}

TEST_F(Memory, LazyGuestGetsWhatItTouches)
{
    policy::Lazy_population lazy;
    Guest_memory memory(frames_, Node_id{0}, Bytes{32 << 20}, lazy);
    ASSERT_TRUE(memory.open());
    auto const before = memory.used();
    EXPECT_EQ(memory.load(Guest_physical{0x12345678 & 0x1ffffff}, 4).value(), 0u);
    EXPECT_LE((memory.used() - before).value(), 3u);
    EXPECT_TRUE(memory.store(Guest_physical{0xfff}, 8, 0x1122334455667788));
    EXPECT_EQ(memory.load(Guest_physical{0xfff}, 8).value(), 0x1122334455667788u);
    auto const leaf = memory.remove(Guest_physical{0x1000});
    ASSERT_TRUE(leaf.has_value());
    EXPECT_EQ(memory.translate(Guest_physical{0x1000}).error(), Error::not_present);
    memory.give_back(*leaf);
}

TEST_F(Memory, ExhaustionIsAnErrorAndChangesNothing)
{
    policy::Lazy_population lazy;
    Guest_memory memory(frames_, Node_id{0}, Bytes{512 << 20}, lazy);
    ASSERT_TRUE(memory.open());
    Result<> result{};
    std::uint64_t at = 0;
    for (; at < std::uint64_t{512} << 20 && result; at += 4096)
        result = memory.populate(Guest_physical(at));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), Error::no_memory);
    EXPECT_TRUE(memory.translate(Guest_physical{0}));
}

} // namespace
