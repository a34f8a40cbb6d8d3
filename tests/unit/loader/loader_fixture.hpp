#pragma once

#include <functional>
#include <string>

#include "loader/halt_module.hpp"
#include "loader/loader.hpp"
#include "loader/signing.hpp"
#include "object/adaptor/shared_adaptor.hpp"
#include "object/object_fixture.hpp"
#include "policy/halt/halt_recipes.hpp"

namespace ovm::test
{

/// A loader beside a halt policy that all cores share, and nothing else.
class Loader_fixture : public Object_fixture, protected loader::Loader_owner
{
protected:
    Loader_fixture()
    {
        EXPECT_TRUE(heaps_->roots.add(halt_));
        EXPECT_TRUE(halt_.add(at_once_));
        EXPECT_TRUE(halt_.open(table_, 0, object::Parameters(at_once_.description()), Ticks(1)));
        halt_.admit(object::Family_id::halt);
    }
    ~Loader_fixture()
    {
        halt_.close();
        EXPECT_EQ(heaps_->collect(), 0u);
    }

    std::span<object::Adaptor* const> adaptors() const override { return heaps_->roots.items(); }
    object::Swap* free_swap() override
    {
        swap_.prepare("test");
        return &swap_;
    }

    /// Until the loader is idle: what it said.
    std::string finish()
    {
        for (int round = 0; round < 100'000 && !loader_.idle(); ++round)
            cross_all(1);
        EXPECT_TRUE(loader_.idle());
        return std::string(loader_.said());
    }
    std::string load_signed(Code file)
    {
        sign(file);
        return load(file);
    }
    std::string load(std::span<const std::uint8_t> file)
    {
        loader_.load("a.omod", file);
        return finish();
    }
    std::string load(const Module_builder& module) { return load_signed(module.build()); }
    std::string unload(std::string_view name)
    {
        loader_.unload(name);
        return finish();
    }
    std::string roll_back(std::string_view name)
    {
        loader_.roll_back(name);
        return finish();
    }
    /// Whether it could be swapped in.
    bool swap(std::string_view policy, std::string_view window = {})
    {
        auto const place = halt_.find(policy);
        if (!place)
            return false;
        object::Parameters parameters(halt_.description(*place));
        if (!window.empty())
            EXPECT_TRUE(parameters.set("window", window));
        swap_.prepare("test");
        EXPECT_TRUE(swap_.add({&halt_, *place, parameters}));
        swap_.begin(Core_id(0), nullptr);
        for (int round = 0; round < 1000 && !swap_.idle(); ++round)
            cross_all(1);
        return swap_.succeeded();
    }
    /// What the policy in charge answers.
    std::uint64_t poll()
    {
        begin_crossing(1);
        processor::Halt_account account{};
        auto const answer =
            halt_.policy_reference().ask([&](processor::Halt& policy) { return policy.poll({}, account, Ticks(0)); });
        end_crossing(1);
        return answer ? answer->value() : ~std::uint64_t{0};
    }
    std::size_t loaded() const
    {
        return static_cast<std::size_t>(std::ranges::count_if(loader_.entries(), [](const auto& entry)
                                                              { return static_cast<bool>(entry.current); }));
    }
    Pages free_pages() { return pool_.free(); }

    static constexpr std::array<std::string_view, 1> losses_{"windows"};

    object::Object_table table_{};
    object::Quota quota_{Bytes(1 << 20)};
    policy::Halt_factory<policy::At_once_recipe> at_once_{};
    object::Gate<processor::Halt> gate_{};
    object::No_state<processor::Halt> no_state_{};
    object::Shared_adaptor<processor::Halt> halt_{"halt", losses_, quota_, gate_, no_state_};
    object::Swap swap_{};
    std::array<loader::Signature_check::Key, 1> keys_{test_key};
    std::array<loader::Interface, 1> interfaces_{{{object::Family_id::halt, {1, 2, 3}}}};
    loader::Loader loader_{*this, frames_, heap_, {keys_, interfaces_}, Core_id(0)};
};

} // namespace ovm::test
