#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <span>
#include <utility>

#include "arch/at_hand.hpp"
#include "arch/processor.hpp"
#include "object/adaptor/adaptor.hpp"
#include "object/adaptor/factory.hpp"
#include "object/adaptor/policy_reference.hpp"
#include "object/clustered/object_table.hpp"
#include "object/clustered/reference.hpp"

namespace ovm::object
{

/// What a family of shared policies has: a canonical state.
template <typename Family>
concept Shared_family = requires(Family policy, typename Family::State state) {
    { policy.export_state(state) } -> std::same_as<Result<>>;
    { policy.import_state(state) } -> std::same_as<Result<>>;
    { state.lost } -> std::convertible_to<std::uint32_t>;
};

/// What a family's policies know, from where it lives without them: that from which one begins whose predecessor
/// failed and can be asked nothing.
template <typename Family>
class State_source
{
public:
    /// On the core where swaps run. What cannot be known without the policy is named in `lost`.
    virtual void rebuild(typename Family::State& state) = 0;

protected:
    ~State_source() = default;
};

/// For a family whose policies know nothing that matters.
template <typename Family>
class No_state final : public State_source<Family>
{
public:
    void rebuild(typename Family::State&) override {}
};

/// The adaptor of a policy that all cores call: one object, to which every core's entry leads.
template <Shared_family Family>
class Shared_adaptor final : public Adaptor
{
public:
    /// `gate` is what callers meet while no policy is in charge: it answers Error::busy to what must not be decided
    /// then, so that the caller ends its crossing and asks again, and serves what cannot wait.
    Shared_adaptor(std::string_view resource, std::span<const std::string_view> losses, Quota& quota, Family& gate,
                   State_source<Family>& source)
        : Adaptor(resource, losses), quota_(quota), gate_(gate), source_(source)
    {
    }

    /// What callers hold. Valid after open().
    Ref<Family> reference() const { return reference_; }
    Policy_reference<Family> policy_reference() { return {reference_, *this}; }

    /// Error::full.
    Result<> add(const Factory<Family>& factory)
    {
        OVM_TRY(offer(factory));
        return {};
    }
    /// The first policy takes over, with nothing to import. Call once.
    Result<> open(Object_table& table, std::size_t policy, const Parameters& parameters, Ticks now)
    {
        OVM_TRY(construct(policy, parameters));
        current_policy_ = next_.get();
        next_ = nullptr;
        reference_ = Ref<Family>(OVM_TRY(table.take(&current_policy_->policy())));
        now_in_charge(policy, parameters, now);
        return {};
    }

    /// Its policies are nobody's any more. Before it goes, and after its last caller.
    void close()
    {
        current_policy_ = nullptr;
        next_ = nullptr;
    }

    std::size_t slots() const override { return 2; }
    const Traced_reference& slot(std::size_t index) const override { return index == 0 ? current_policy_ : next_; }

    Result<> construct(std::size_t policy, const Parameters& parameters) override
    {
        set_wanted(policy);
        OVM_TRY(ask_next([&] { return make_next(policy, parameters); }));
        return {};
    }
    bool has_gate() const override { return true; }
    void close_gate() override { lead_all_to(gate_); }
    Progress carry() override
    {
        typename Family::State state{};
        auto carried = export_to(state);
        if (carried)
            carried = ask_next([&] { return next_->policy().import_state(state); });
        if (!carried)
        {
            fail(carried.error());
            return Progress::failed;
        }
        set_lost(state.lost);
        return Progress::done;
    }
    void publish() override
    {
        auto* const before = current_policy_.get();
        current_policy_ = next_.get();
        next_ = before; // until no crossing can have it in its hands
        failed_.store(false, std::memory_order_relaxed);
        lead_all_to(current_policy_->policy());
    }
    Progress roll_back() override
    {
        if (!failed_.load(std::memory_order_acquire))
            lead_all_to(current_policy_->policy());
        next_ = nullptr;
        return Progress::done;
    }
    void retire() override { next_ = nullptr; }

    Failed faulted(Core_id) override
    {
        if (next_faulted())
            return Failed::next;
        failed_.store(true, std::memory_order_release);
        lead_all_to(gate_);
        return Failed::in_charge;
    }

private:
    Result<> make_next(std::size_t policy, const Parameters& parameters)
    {
        next_ = OVM_TRY(as_factory<Family>(factory(policy)).make(quota_, parameters));
        return {};
    }
    Result<> export_to(typename Family::State& state)
    {
        if (failed_.load(std::memory_order_acquire))
        {
            if (!was_asked_)
            {
                source_.rebuild(state);
                return {};
            }
            was_asked_ = false;
            return Error::faulted; // it failed in this very call; this is the slice again
        }
        was_asked_ = true;
        arch::At_hand const current(arch::core_window(), *this);
        auto const exported = current_policy_->policy().export_state(state);
        was_asked_ = false;
        return exported;
    }
    void lead_all_to(Family& policy)
    {
        for (std::uint32_t core = 0; core < arch::window_count(); ++core)
            object::publish(Core_id(core), reference_, policy);
    }

    Quota& quota_;
    Family& gate_;
    State_source<Family>& source_;
    Ref<Family> reference_{};
    Traced<Policy_object<Family>> current_policy_{};
    Traced<Policy_object<Family>> next_{};
    std::atomic<bool> failed_{false}; ///< who is in charge is asked nothing any more
    bool was_asked_ = false;          ///< who is in charge, to export, and has not answered
};

} // namespace ovm::object
