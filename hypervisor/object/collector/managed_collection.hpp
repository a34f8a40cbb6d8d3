#pragma once

#include "object/adaptor/policy_reference.hpp"
#include "object/collector/collection_policy.hpp"

namespace ovm::object
{

/// The collection policy as heaps hold it while it may be replaced: every call goes to who is in charge, and a fault in
/// there is the policy's. What it says is believed only as far as its contract goes, so that a collection ends and a
/// slice stays short.
/// Concurrency: any core, inside a crossing.
using Managed_collection = Collection_policy::Forwarder<Policy_reference<Collection_policy>>;

} // namespace ovm::object
