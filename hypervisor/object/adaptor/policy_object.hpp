#pragma once

#include <string_view>
#include <utility>

#include "arch/core_window.hpp"
#include "base/contract.hpp"
#include "object/collector/allocate.hpp"

namespace ovm::object
{

/// A policy in a heap of collected objects, as its adaptor's slots refer to it.
/// Lifetime: as long as a slot does; then a sweep ends it, by when no crossing can have it in its hands.
template <typename Family>
class Policy_object : public Collected
{
public:
    Family& policy() const { return *policy_; }

protected:
    Policy_object() = default;
    ~Policy_object() = default;
    void hold(Family& policy) { policy_ = &policy; }

private:
    Family* policy_ = nullptr;
};

/// The same with the policy in it, which refers to no collected object.
template <typename Family, typename Policy>
class Policy_object_of final : public Policy_object<Family>
{
public:
    static constexpr std::string_view type_name = "policy";
    OVM_TRACE_MAP

    template <typename... Arguments>
    explicit Policy_object_of(Arguments&&... arguments) : policy_(std::forward<Arguments>(arguments)...)
    {
        this->hold(policy_);
    }

private:
    Policy policy_;
};

/// What a factory answers: it is to be put into a slot in the same crossing.
template <typename Family>
using Made_policy = Policy_object<Family>*;

/// This core's heap, on which a policy is about to be made.
Local_heap& heap_for_policy();
/// It is made; until it has a slot, a fault leaves it to the collector.
void note_made_policy();

/// A new policy on this core's heap. Error::no_memory.
template <typename Family, typename Policy, typename... Arguments>
Result<Made_policy<Family>> make_policy(Quota& quota, Arguments&&... arguments)
{
    auto* const made = OVM_TRY(
        (allocate<Policy_object_of<Family, Policy>>(heap_for_policy(), quota, std::forward<Arguments>(arguments)...)));
    note_made_policy();
    return made;
}

} // namespace ovm::object

#include "object/adaptor/policy_object.generated.hpp"
