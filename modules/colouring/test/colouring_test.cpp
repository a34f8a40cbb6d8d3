#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>
#include <vector>

#include "colouring/colouring.hpp"
#include "policy/frames/frames_fixture.hpp"

namespace
{

using namespace ovm;
using namespace ovm::memory;
using modules::Colouring;
using policy::Frames_machine;

class Colours
{
public:
    Colours(Frame_pool& pool, std::uint64_t colours, std::uint64_t borrow)
        : values_{colours, 16, borrow}, policy_(object::Values(values_)), frames_(pool, policy_)
    {
    }
    Colouring& policy() { return policy_; }
    Frame_allocator* operator->() { return &frames_; }

private:
    std::array<std::uint64_t, 3> values_;
    Colouring policy_;
    Chosen_frames frames_;
};

std::uint64_t colour_of(Host_physical frame, std::uint64_t colours)
{
    return frame.value() / page_size.value() % colours;
}

TEST(Colouring, EachVmHasAColourOfItsOwn)
{
    constexpr std::uint64_t colours = 4;
    Frames_machine machine(2, Bytes{16 << 20});
    Colours frames(machine.pool, colours, 0);
    auto const before = frames->free();
    std::mt19937_64 random(1);
    std::vector<Host_physical> taken;
    for (unsigned i = 0; i < 4000; ++i)
    {
        auto const vm = static_cast<std::uint32_t>(1 + random() % 6);
        auto const frame = frames->allocate_for(Vm_id(vm), small_order, Node_id(vm % 2));
        ASSERT_TRUE(frame);
        ASSERT_EQ(colour_of(*frame, colours), (vm - 1) % colours);
        taken.push_back(*frame);
        if (random() % 4 == 0)
        {
            auto& gone = taken[random() % taken.size()];
            frames->release(gone, small_order);
            gone = taken.back();
            taken.pop_back();
        }
    }
    EXPECT_EQ(std::set<std::uint64_t>(
                  [&]
                  {
                      std::set<std::uint64_t> all;
                      for (auto const frame : taken)
                          all.insert(frame.value());
                      return all;
                  }())
                  .size(),
              taken.size())
        << "no page twice";
    for (auto const frame : taken)
        frames->release(frame, small_order);
    EXPECT_EQ(frames->free(), before);
    EXPECT_EQ(machine.pool.free_in_blocks(large_order).value() % 512, 0u) << "what was broken joined again";
}

TEST(Colouring, AVmGetsNoLargerPageAndOvmAnyBlock)
{
    Frames_machine machine(1, Bytes{16 << 20});
    Colours frames(machine.pool, 8, 1);
    EXPECT_EQ(frames->allocate_for(Vm_id(1), large_order, Node_id{0}).error(), Error::no_memory);
    EXPECT_EQ(frames->allocate_for(Vm_id(1), Page_order{1}, Node_id{0}).error(), Error::no_memory);
    EXPECT_TRUE(frames->allocate(large_order, Node_id{0}));
    EXPECT_TRUE(frames->allocate(small_order, Node_id{0}));
}

TEST(Colouring, OnlyWhoBorrowsGetsAnotherColour)
{
    for (std::uint64_t const borrow : {0u, 1u})
    {
        Frames_machine machine(2, Bytes{4 << 20});
        Colours frames(machine.pool, 2, borrow);
        auto const all = frames->free().value();
        std::uint64_t own = 0;
        std::uint64_t others = 0;
        for (auto frame = frames->allocate_for(Vm_id(2), small_order, Node_id{7}); frame;
             frame = frames->allocate_for(Vm_id(2), small_order, Node_id{7}))
            ++(colour_of(*frame, 2) == 1 ? own : others);
        EXPECT_GE(own, all / 2 - 2);
        EXPECT_EQ(others, borrow == 0 ? 0 : all - own);
    }
}

TEST(Colouring, ParametersHaveRanges)
{
    auto const check = [](std::uint64_t colours, std::uint64_t look)
    {
        std::array const values{colours, look, std::uint64_t{0}};
        return Colouring::check(values).has_value();
    };
    EXPECT_TRUE(check(2, 1));
    EXPECT_TRUE(check(64, 64));
    EXPECT_FALSE(check(1, 1));
    EXPECT_FALSE(check(12, 1));
    EXPECT_FALSE(check(128, 1));
    EXPECT_FALSE(check(8, 0));
    EXPECT_FALSE(check(8, 65));
}

TEST(Colouring, CarriesTheTurnsOfOthers)
{
    Frames_machine machine(3, Bytes{8 << 20});
    policy::Interleave_frames interleave(machine.pool, {});
    Chosen_frames frames(machine.pool, interleave);
    for (unsigned i = 0; i < 4; ++i)
        ASSERT_TRUE(frames.allocate(small_order, Node_id{0}));
    Frame_state state{};
    ASSERT_TRUE(interleave.export_state(state));
    Colours colours(machine.pool, 8, 1);
    ASSERT_TRUE(colours.policy().import_state(state));
    Frame_state out{};
    ASSERT_TRUE(colours.policy().export_state(out));
    EXPECT_EQ(out.turns, state.turns);
    EXPECT_EQ(out.lost, Frame_state::none);
}

} // namespace
