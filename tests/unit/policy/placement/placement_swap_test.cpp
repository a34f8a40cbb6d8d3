#include "policy/placement/placement_fixture.hpp"

/// Every placement swapped for every other, and back.
namespace
{

using namespace ovm;
using namespace ovm::policy;

constexpr std::uint32_t cores = 6;

/// VMs come, go and move, at random.
void live(Placement& placement, Placed_vcpus& vcpus, std::mt19937_64& random)
{
    for (auto steps = 20 + random() % 60; steps > 0; --steps)
    {
        auto const vcpu =
            vcpu_of(static_cast<std::uint32_t>(1 + random() % 255), static_cast<std::uint32_t>(random() % 16));
        if (vcpus.homes.contains(vcpu))
            vcpus.remove(placement, vcpu);
        else
            vcpus.add(placement, vcpu, {}, random() % 2 == 0);
        if (random() % 4 == 0)
            vcpus.rebalance(placement, 3);
    }
}

TEST(Placements, AnyPairThereAndBackKeepsWhereEveryoneLives)
{
    for (std::size_t first = 0; first < Placement_policies::kinds; ++first)
        for (std::size_t second = 0; second < Placement_policies::kinds; ++second)
            for (std::uint64_t seed = 1; seed <= 10; ++seed)
            {
                SCOPED_TRACE(testing::Message() << first << " to " << second << ", seed " << seed);
                arch::hosted::reset(cores, 3);
                Placement_policies a(cores);
                Placement_policies b(cores);
                Placed_vcpus vcpus(cores);
                std::mt19937_64 random(seed);
                auto* current = &a.make(first);
                for (int round = 0; round < 4; ++round)
                {
                    live(*current, vcpus, random);
                    Placement_state state{};
                    ASSERT_TRUE(current->export_state(state));
                    vcpus.expect_agreement(state);
                    auto& next = round % 2 == 0 ? b.make(second) : a.make(first);
                    ASSERT_TRUE(next.import_state(state));
                    EXPECT_EQ(state.lost, Placement_state::none);
                    Placement_state again{};
                    ASSERT_TRUE(next.export_state(again));
                    EXPECT_EQ(again.homes, state.homes);
                    EXPECT_EQ(again.vcpus, state.vcpus);
                    EXPECT_EQ(again.moved_at, state.moved_at);
                    EXPECT_EQ(again.searched, state.searched);
                    current = &next;
                }
            }
}

TEST(Placements, WhoeverWasExportedGoesOnAsIfNothingHadBeen)
{
    for (std::size_t kind = 0; kind < Placement_policies::kinds; ++kind)
        for (std::uint64_t seed = 1; seed <= 5; ++seed)
        {
            SCOPED_TRACE(testing::Message() << kind << ", seed " << seed);
            arch::hosted::reset(cores, 3);
            Placement_policies a(cores);
            Placement_policies b(cores);
            auto& disturbed = a.make(kind);
            auto& twin = b.make(kind);
            Placed_vcpus here(cores);
            Placed_vcpus there(cores);
            std::mt19937_64 one(seed);
            std::mt19937_64 other(seed);
            for (int round = 0; round < 5; ++round)
            {
                Placement_state state{};
                ASSERT_TRUE(disturbed.export_state(state));
                live(disturbed, here, one);
                live(twin, there, other);
                ASSERT_EQ(here.homes, there.homes);
                ASSERT_EQ(here.moves, there.moves);
            }
        }
}

TEST(Placements, AStateThatCannotBeIsRefused)
{
    arch::hosted::reset(2);
    Placement_policies policies(2);
    for (std::size_t kind = 0; kind < Placement_policies::kinds; ++kind)
    {
        Placement_state state{};
        state.vcpus[9] = 1;
        state.homes[9][3] = Placement_state::Home::at(Core_id{2});
        EXPECT_EQ(policies.make(kind).import_state(state).error(), Error::invalid) << "a core that is not there";
        state.homes[9][3] = Placement_state::Home::at(Core_id{1});
        state.homes[9][4] = Placement_state::Home::at(Core_id{0});
        EXPECT_EQ(policies.make(kind).import_state(state).error(), Error::invalid) << "one more than counted";
        state.vcpus[9] = 2;
        state.searched = processor::most_vms;
        EXPECT_EQ(policies.make(kind).import_state(state).error(), Error::invalid);
        state.searched = 0;
        auto& placement = policies.make(kind);
        EXPECT_TRUE(placement.import_state(state));
        EXPECT_EQ(placement.place(vcpu_of(10, 3), {}, {}).error(), Error::exists);
        EXPECT_TRUE(placement.place(vcpu_of(10, 5), {}, {}));
    }
}

TEST(Placements, GateAndTombstoneAnswerForEverything)
{
    object::Gate<Placement> gate;
    object::Tombstone<Placement> gone;
    Placement_state state{};
    for (auto [placement, answer] : {std::pair<Placement*, Error>{&gate, Error::busy}, {&gone, Error::gone}})
    {
        EXPECT_EQ(placement->place(vcpu_of(1, 0), {}, {}).error(), answer);
        EXPECT_EQ(placement->leave(vcpu_of(1, 0)).error(), answer);
        EXPECT_EQ(placement->moved(vcpu_of(1, 0), Core_id{0}).error(), answer);
        EXPECT_EQ(placement->rebalance({}, Ticks{0}).error(), answer);
        EXPECT_EQ(placement->export_state(state).error(), answer);
        EXPECT_EQ(placement->import_state(state).error(), answer);
    }
}

} // namespace
