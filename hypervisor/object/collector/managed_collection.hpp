#pragma once

#include "base/contract.hpp"
#include "object/adaptor/policy_reference.hpp"
#include "object/collector/collection_policy.hpp"

namespace ovm::object
{

/// The collection policy as heaps hold it while it may be replaced: every call goes to who is in charge, and a fault in
/// there is the policy's. What it says is believed only as far as a collection then ends and a slice stays short.
/// Concurrency: any core, inside a crossing.
class Managed_collection final : public Collection_policy
{
public:
    static constexpr Work longest_allowed{96}; ///< under 5,000 instructions

    explicit Managed_collection(Policy_reference<Collection_policy> policy) : policy_(policy) {}

    bool should_start(const Collection_report& report) const override
    {
        return policy_.ask([&](const Collection_policy& policy) { return policy.should_start(report); });
    }
    Work owed(const Collection_report& report) const override
    {
        return policy_.ask(
            [&](const Collection_policy& policy)
            {
                auto const owed = policy.owed(report);
                OVM_ENSURES(owed != Work{});
                return owed;
            });
    }
    Work longest_slice() const override
    {
        return policy_.ask(
            [](const Collection_policy& policy)
            {
                auto const longest = policy.longest_slice();
                OVM_ENSURES(longest != Work{} && longest <= longest_allowed);
                return longest;
            });
    }

private:
    Policy_reference<Collection_policy> policy_;
};

} // namespace ovm::object
