#pragma once

#include <utility>

#include "arch/at_hand.hpp"
#include "arch/processor.hpp"
#include "object/adaptor/adaptor.hpp"
#include "object/clustered/reference.hpp"

namespace ovm::object
{

/// A shared policy as its callers hold it: whoever is in charge on this core answers, and a fault meanwhile is the
/// policy's, not the caller's.
/// Concurrency: as the family says. Lifetime: its adaptor's.
template <typename Family>
class Policy_reference
{
public:
    Policy_reference(Ref<Family> policy, Adaptor& resource) : policy_(policy), resource_(resource) {}

    /// `question` gets the policy. It is gone with the crossing if the policy fails: what it changes of others' is
    /// changed afterwards.
    template <typename Question>
    auto ask(Question&& question) const
    {
        arch::At_hand const policy(arch::core_window(), resource_);
        return question(*policy_);
    }

private:
    Ref<Family> policy_;
    Adaptor& resource_;
};

/// A policy that its holder has itself, asked as one of an adaptor's is. Concurrency, lifetime: its holder's.
template <typename Policy>
class Held_policy
{
public:
    template <typename... Arguments>
    explicit Held_policy(Arguments&&... arguments) : policy_(std::forward<Arguments>(arguments)...)
    {
    }

    template <typename Question>
    auto ask(Question&& question)
    {
        return question(policy_);
    }
    template <typename Question>
    auto ask(Question&& question) const
    {
        return question(policy_);
    }

private:
    Policy policy_;
};

} // namespace ovm::object
