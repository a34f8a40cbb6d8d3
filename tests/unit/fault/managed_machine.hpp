#pragma once

#include <gtest/gtest.h>

#include "fault/managed_policies.hpp"
#include "processor/running_vcpus.hpp"

namespace ovm::test
{

/// Two cores under managed policies, three guests on each that run until their core is interrupted and count how often
/// they were entered. All on this thread.
class Managed_machine : public testing::Test
{
protected:
    static constexpr std::uint32_t cores = 2;
    static constexpr unsigned guests = 6;

    Managed_machine()
    {
        arch::hosted::tick_on_each_look(Ticks(10'000));
        for (unsigned i = 0; i < guests; ++i)
        {
            auto& each = machine_.add(i % cores);
            each.guest = [this, i](arch::hosted::Guest& guest)
            {
                ++entries_[i];
                guest.exit(arch::svm::exit_code::intr);
            };
            each.vcpu->start(processor::Run_state::runnable);
        }
        turn(2);
    }

    Managed_policies& policies() { return machine_.policies(); }
    void turn(unsigned times)
    {
        for (unsigned i = 0; i < times; ++i)
        {
            for (std::uint32_t core = 0; core < cores; ++core)
                turn_core(core);
        }
    }
    void turn_core(std::uint32_t core)
    {
        arch::hosted::become_core(Core_id(core));
        machine_.turn(core);
        arch::hosted::become_core(Core_id(0));
    }
    /// Turns until the swap has ended; whether it succeeded.
    bool swap(std::string_view resource, std::string_view policy)
    {
        policies().begin_swap(resource, policy);
        for (unsigned i = 0; i < 1000 && !policies().swap.idle(); ++i)
            turn(1);
        EXPECT_TRUE(policies().swap.idle());
        return policies().swap.succeeded();
    }
    std::string_view in_charge(std::string_view resource) { return policies().adaptor(resource).policy().name; }
    const object::Swap_record& last(std::string_view resource) { return policies().adaptor(resource).history()[0]; }
    /// Every guest goes on, in equal shares.
    void expect_all_run()
    {
        entries_ = {};
        turn(4000); // several turns of a slice
        for (auto const entries : entries_)
            EXPECT_GT(entries, 200u);
        for (std::uint32_t core = 0; core < cores; ++core)
            EXPECT_EQ(arch::core_window_of(Core_id(core)).held_ranks, 0u);
    }
    void expect_returned(std::string_view resource, std::string_view from, std::string_view to)
    {
        turn(200);
        EXPECT_EQ(in_charge(resource), to);
        auto const& record = last(resource);
        EXPECT_TRUE(record.returned);
        EXPECT_EQ(record.from, from);
        EXPECT_EQ(record.to, to);
        EXPECT_EQ(record.who.view(), "OVM");
        EXPECT_EQ(record.reached, object::Swap_phase::done);
    }
    /// How many faults there were, of that resource's policies alone.
    void expect_faults(std::size_t count, std::string_view resource)
    {
        auto const faults = policies().faults();
        EXPECT_EQ(faults.size(), count);
        for (auto const& fault : faults)
        {
            EXPECT_EQ(fault.domain, arch::Fault_domain::policy) << fault.what;
            EXPECT_EQ(fault.resource, resource) << fault.what;
        }
    }

    Basic_running_vcpus<Managed_policies> machine_{cores};
    std::array<unsigned, guests> entries_{};
};

} // namespace ovm::test
