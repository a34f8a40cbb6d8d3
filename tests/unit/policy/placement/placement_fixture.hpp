#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "policy/placement/least_loaded.hpp"
#include "policy/placement/node_local.hpp"
#include "policy/placement/static_placement.hpp"

namespace ovm::policy
{

using processor::Core_load;
using processor::Move;
using processor::Placement;
using processor::Placement_state;
using processor::Vcpu_identity;

inline Vcpu_identity vcpu_of(std::uint32_t vm, std::uint32_t index)
{
    return {Vm_id(vm), Vcpu_index(index)};
}

/// One policy of each kind at a time.
class Placement_policies
{
public:
    static constexpr std::size_t kinds = 3;

    explicit Placement_policies(std::uint32_t cores) : cores_(cores) {}

    Placement& make(std::size_t kind)
    {
        switch (kind)
        {
        case 0:
            return static_.emplace(cores_, Static_placement::Parameters{.gather = true});
        case 1:
            return least_loaded_.emplace(cores_, Least_loaded_placement::Parameters{});
        default:
            return node_local_.emplace(cores_, Node_local_placement::Parameters{});
        }
    }

private:
    std::uint32_t cores_;
    std::optional<Static_placement> static_;
    std::optional<Least_loaded_placement> least_loaded_;
    std::optional<Node_local_placement> node_local_;
};

/// Cores and vcpus as the policy's caller knows them; it records every move that it carries out.
class Placed_vcpus
{
public:
    explicit Placed_vcpus(std::uint32_t cores) : cores_(cores) {}

    /// `always_runs`: it never sleeps; otherwise it never runs.
    Core_id add(Placement& placement, Vcpu_identity vcpu, std::optional<Node_id> near = {}, bool always_runs = true)
    {
        auto const core = placement.place(vcpu, near, loads());
        EXPECT_TRUE(core);
        homes[vcpu] = *core;
        runs_[vcpu] = always_runs;
        return *core;
    }
    void remove(Placement& placement, Vcpu_identity vcpu)
    {
        EXPECT_TRUE(placement.leave(vcpu));
        homes.erase(vcpu);
    }

    std::vector<Core_load> loads() const
    {
        std::vector<Core_load> all(cores_);
        for (std::uint32_t i = 0; i < cores_; ++i)
            all[i].node = arch::node_of(Core_id(i));
        for (auto const& [vcpu, core] : homes)
        {
            auto& load = all[core.value()];
            ++load.resident;
            if (!runs_.at(vcpu))
                continue;
            ++load.runnable;
            load.busy_permille = 1000;
        }
        return all;
    }

    /// Asks for decisions, `times` times at `interval`, and carries them out.
    void rebalance(Placement& placement, unsigned times, Nanoseconds interval = Nanoseconds{100'000'000})
    {
        for (unsigned i = 0; i < times; ++i)
        {
            now += arch::to_ticks(interval);
            auto const move = placement.rebalance(loads(), now);
            ASSERT_TRUE(move);
            if (!*move)
                continue;
            ASSERT_EQ(homes.at((*move)->vcpu), (*move)->from);
            ASSERT_NE((*move)->from, (*move)->to);
            ASSERT_TRUE(placement.moved((*move)->vcpu, (*move)->to));
            homes[(*move)->vcpu] = (*move)->to;
            moves.push_back(**move);
        }
    }

    /// The policy's state says what this caller knows.
    void expect_agreement(const Placement_state& state) const
    {
        std::size_t known = 0;
        for (std::uint32_t vm = 1; vm <= processor::most_vms; ++vm)
        {
            auto const counted = static_cast<std::size_t>(
                std::ranges::count_if(state.homes[vm - 1], [](auto home) { return !home.is_nowhere(); }));
            ASSERT_EQ(counted, state.vcpus[vm - 1]);
            for (std::uint32_t i = 0; i < processor::most_vcpus; ++i)
            {
                auto const home = state.homes[vm - 1][i];
                if (home.is_nowhere())
                    continue;
                ++known;
                auto const found = homes.find(vcpu_of(vm, i));
                ASSERT_NE(found, homes.end()) << vm << "." << i;
                ASSERT_EQ(found->second, home.core()) << vm << "." << i;
            }
        }
        EXPECT_EQ(known, homes.size());
    }

    std::map<Vcpu_identity, Core_id> homes;
    std::vector<Move> moves;
    Ticks now{1'000'000'000};

private:
    std::uint32_t cores_;
    std::map<Vcpu_identity, bool> runs_;
};

} // namespace ovm::policy
