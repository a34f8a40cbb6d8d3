#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <utility>

#include "base/static_vector.hpp"
#include "object/adaptor/adaptor.hpp"
#include "object/adaptor/factory.hpp"
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

/// The adaptor of a policy that all cores call: one object, to which every core's entry leads.
template <Shared_family Family>
class Shared_adaptor final : public Adaptor
{
public:
    static constexpr std::size_t most_policies = 16;

    /// `gate` is what callers meet while no policy is in charge: it answers Error::busy to what must not be decided
    /// then, so that the caller ends its crossing and asks again, and serves what cannot wait.
    Shared_adaptor(std::string_view resource, std::span<const std::string_view> losses, Storage& storage, Family& gate)
        : Adaptor(resource, losses), storage_(storage), gate_(gate)
    {
    }

    /// What callers hold. Valid after open().
    Ref<Family> reference() const { return reference_; }

    /// Error::full.
    Result<> add(const Factory<Family>& factory) { return factories_.push_back(&factory); }
    /// The first policy takes over, with nothing to import. Call once.
    Result<> open(Object_table& table, std::size_t policy, const Parameters& parameters, Ticks now)
    {
        OVM_TRY(construct(policy, parameters));
        current_policy_ = std::move(next_);
        reference_ = Ref<Family>(OVM_TRY(table.take(current_policy_.get())));
        now_in_charge(policy, parameters, now);
        return {};
    }

    std::size_t policies() const override { return factories_.size(); }
    const Policy_description& description(std::size_t policy) const override
    {
        return factories_[policy]->description();
    }

    Result<> construct(std::size_t policy, const Parameters& parameters) override
    {
        next_ = OVM_TRY(factories_[policy]->make(storage_, parameters));
        return {};
    }
    bool has_gate() const override { return true; }
    void close_gate() override { lead_all_to(gate_); }
    Progress carry() override
    {
        typename Family::State state{};
        auto carried = current_policy_->export_state(state);
        if (carried)
            carried = next_->import_state(state);
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
        std::swap(current_policy_, next_);
        lead_all_to(*current_policy_);
    }
    Progress roll_back() override
    {
        lead_all_to(*current_policy_);
        next_.reset();
        return Progress::done;
    }
    void retire() override { next_.reset(); }

private:
    void lead_all_to(Family& policy)
    {
        for (std::uint32_t core = 0; core < arch::window_count(); ++core)
            object::publish(Core_id(core), reference_, policy);
    }

    Storage& storage_;
    Family& gate_;
    Static_vector<const Factory<Family>*, most_policies> factories_{};
    Ref<Family> reference_{};
    Owned<Family> current_policy_{};
    Owned<Family> next_{};
};

} // namespace ovm::object
