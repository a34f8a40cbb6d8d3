#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "packing/packing.hpp"
#include "policy/placement/placement_fixture.hpp"

namespace
{

using namespace ovm;
using modules::Packing;
using processor::Core_load;
using processor::Placement_state;
using processor::Vcpu_identity;

constexpr std::array<std::uint64_t, 4> defaults{100, 600, 800, 8};

/// Vcpus with a share of a core's time each, moved as the policy wants.
class Packed
{
public:
    explicit Packed(std::uint32_t cores, const std::array<std::uint64_t, 4>& values = defaults)
        : values_(values), policy(object::Values(values_)), loads_(cores)
    {
    }
    void add(std::uint32_t vm, std::uint32_t permille)
    {
        measure();
        auto const home = policy.place({Vm_id(vm), Vcpu_index(0)}, {}, loads_);
        ASSERT_TRUE(home);
        vcpus_.push_back({{Vm_id(vm), Vcpu_index(0)}, *home, permille});
    }
    void set(std::uint32_t vm, std::uint32_t permille)
    {
        for (auto& vcpu : vcpus_)
        {
            if (vcpu.who.vm == Vm_id(vm))
                vcpu.permille = permille;
        }
    }
    /// Looks until nobody moves for a while; how often somebody did.
    unsigned settle()
    {
        unsigned moves = 0;
        for (unsigned quiet = 0; quiet < 64 && moves < 1000;)
        {
            measure();
            auto const move = policy.rebalance(loads_, Ticks{++now_}).value();
            ++quiet;
            if (!move)
                continue;
            quiet = 0;
            ++moves;
            auto const vcpu = std::ranges::find_if(vcpus_, [&](const Vcpu& each) { return each.who == move->vcpu; });
            EXPECT_EQ(vcpu->home, move->from);
            EXPECT_NE(move->to, move->from);
            vcpu->home = move->to;
            EXPECT_TRUE(policy.moved(move->vcpu, move->to));
        }
        return moves;
    }
    unsigned cores_used() const
    {
        return static_cast<unsigned>(std::ranges::count_if(loads_, [](auto& load) { return load.resident != 0; }));
    }
    std::uint32_t busiest()
    {
        measure();
        return std::ranges::max(loads_, {}, &Core_load::busy_permille).busy_permille;
    }

private:
    struct Vcpu
    {
        Vcpu_identity who{};
        Core_id home{};
        std::uint32_t permille = 0;
    };
    void measure()
    {
        for (auto& load : loads_)
            load = {};
        for (auto const& vcpu : vcpus_)
        {
            auto& load = loads_[vcpu.home.value()];
            ++load.resident;
            load.busy_permille = std::min(load.busy_permille + vcpu.permille, 1000u);
        }
    }

    std::array<std::uint64_t, 4> values_;

public:
    Packing policy;

private:
    std::vector<Core_load> loads_;
    std::vector<Vcpu> vcpus_{};
    std::uint64_t now_ = 0;
};

TEST(Packing, LightVcpusShareACore)
{
    Packed packed(4, {100, 600, 800, 2});
    for (std::uint32_t vm = 1; vm <= 8; ++vm)
        packed.add(vm, 50);
    EXPECT_EQ(packed.cores_used(), 4u) << "nobody knows yet";
    packed.settle();
    EXPECT_EQ(packed.cores_used(), 1u);
}

TEST(Packing, ACoreThatIsOverGivesAwayAndNothingMovesBackAndForth)
{
    Packed packed(4);
    for (std::uint32_t vm = 1; vm <= 6; ++vm)
        packed.add(vm, 50);
    packed.settle();
    EXPECT_EQ(packed.cores_used(), 1u);
    for (std::uint32_t vm = 1; vm <= 3; ++vm)
        packed.set(vm, 500);
    packed.settle();
    EXPECT_LE(packed.busiest(), 800u);
    EXPECT_EQ(packed.settle(), 0u);
    for (std::uint32_t vm = 1; vm <= 6; ++vm)
        packed.set(vm, 20);
    packed.settle();
    EXPECT_EQ(packed.cores_used(), 1u);
    EXPECT_EQ(packed.settle(), 0u);
}

TEST(Packing, AnyLoadsComeToRest)
{
    std::mt19937_64 random(3);
    for (unsigned round = 0; round < 50; ++round)
    {
        Packed packed(8);
        for (std::uint32_t vm = 1; vm <= 12; ++vm)
            packed.add(vm, static_cast<std::uint32_t>(random() % 400));
        EXPECT_LT(packed.settle(), 200u);
        EXPECT_LE(packed.busiest(), 1000u);
    }
}

TEST(Packing, OneVcpuThatFillsACoreStays)
{
    Packed packed(2);
    packed.add(1, 1000);
    EXPECT_EQ(packed.settle(), 0u);
}

TEST(Packing, ACrowdGoesToTheNextCore)
{
    Packed packed(3, {100, 600, 800, 2});
    for (std::uint32_t vm = 1; vm <= 7; ++vm)
        packed.add(vm, 0);
    EXPECT_EQ(packed.cores_used(), 3u);
}

TEST(Packing, SaysWhatIsWrong)
{
    Packed packed(2);
    auto& policy = packed.policy;
    std::array<Core_load, 2> const loads{};
    std::vector<Core_load> const many(65);
    EXPECT_EQ(policy.place({Vm_id(0), Vcpu_index(0)}, {}, loads).error(), Error::out_of_range);
    EXPECT_EQ(policy.place({Vm_id(256), Vcpu_index(0)}, {}, loads).error(), Error::out_of_range);
    EXPECT_EQ(policy.place({Vm_id(1), Vcpu_index(16)}, {}, loads).error(), Error::out_of_range);
    EXPECT_EQ(policy.place({Vm_id(1), Vcpu_index(0)}, {}, {}).error(), Error::invalid);
    EXPECT_EQ(policy.place({Vm_id(1), Vcpu_index(0)}, {}, many).error(), Error::invalid);
    EXPECT_EQ(policy.rebalance(many, Ticks{1}).error(), Error::invalid);
    ASSERT_TRUE(policy.place({Vm_id(255), Vcpu_index(15)}, {}, loads));
    EXPECT_EQ(policy.place({Vm_id(255), Vcpu_index(15)}, {}, loads).error(), Error::exists);
    EXPECT_EQ(policy.moved({Vm_id(255), Vcpu_index(15)}, Core_id(64)).error(), Error::out_of_range);
    EXPECT_EQ(policy.moved({Vm_id(255), Vcpu_index(14)}, Core_id(0)).error(), Error::not_found);
    ASSERT_TRUE(policy.leave({Vm_id(255), Vcpu_index(15)}));
    EXPECT_EQ(policy.leave({Vm_id(255), Vcpu_index(15)}).error(), Error::not_found);
    std::array<std::uint64_t, 4> wrong{100, 900, 800, 8};
    EXPECT_EQ(Packing::check(wrong).error(), Error::out_of_range);
    EXPECT_EQ(policy.pace().value(), Nanoseconds{100'000'000});
}

TEST(Packing, WhereEveryoneLivesGoesThroughAnotherAndBack)
{
    constexpr std::uint32_t cores = 6;
    arch::hosted::reset(cores, 3);
    for (std::uint64_t seed = 1; seed <= 10; ++seed)
    {
        std::mt19937_64 random(seed);
        Packing packing{object::Values(defaults)};
        policy::Placed_vcpus vcpus(cores);
        for (unsigned i = 0; i < 200; ++i)
        {
            auto const vcpu = policy::vcpu_of(static_cast<std::uint32_t>(1 + random() % 255),
                                              static_cast<std::uint32_t>(random() % 16));
            if (vcpus.homes.contains(vcpu))
                vcpus.remove(packing, vcpu);
            else
                vcpus.add(packing, vcpu, {}, random() % 2 == 0);
            if (random() % 4 == 0)
                vcpus.rebalance(packing, 3);
        }
        Placement_state state{};
        ASSERT_TRUE(packing.export_state(state));
        vcpus.expect_agreement(state);
        policy::Least_loaded_placement other(cores, {});
        ASSERT_TRUE(other.import_state(state));
        Placement_state through{};
        ASSERT_TRUE(other.export_state(through));
        Packing back{object::Values(defaults)};
        ASSERT_TRUE(back.import_state(through));
        Placement_state again{};
        ASSERT_TRUE(back.export_state(again));
        EXPECT_EQ(again.homes, state.homes);
        EXPECT_EQ(again.vcpus, state.vcpus);
        EXPECT_EQ(again.moved_at, state.moved_at);
        EXPECT_EQ(again.searched, state.searched);
        EXPECT_EQ(through.lost, Placement_state::none);
    }
}

TEST(Packing, AStateThatCannotBeIsRefused)
{
    Placement_state state{};
    state.vcpus[9] = 1;
    state.homes[9][3] = Placement_state::Home::at(Core_id{64});
    EXPECT_EQ(Packing(object::Values(defaults)).import_state(state).error(), Error::invalid);
    state.homes[9][3] = Placement_state::Home::at(Core_id{1});
    state.homes[9][4] = Placement_state::Home::at(Core_id{0});
    EXPECT_EQ(Packing(object::Values(defaults)).import_state(state).error(), Error::invalid);
    state.vcpus[9] = 2;
    state.searched = processor::most_vms;
    EXPECT_EQ(Packing(object::Values(defaults)).import_state(state).error(), Error::invalid);
    state.searched = 0;
    EXPECT_TRUE(Packing(object::Values(defaults)).import_state(state));
}

} // namespace
