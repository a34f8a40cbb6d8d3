#pragma once

#include "base/result.hpp"
#include "object/adaptor/parameters.hpp"
#include "object/adaptor/policy_object.hpp"

namespace ovm::object
{

/// Makes policies of one kind.
/// Lifetime: as long as an adaptor knows it.
template <typename Family>
class Factory
{
public:
    virtual const Policy_description& description() const = 0;
    /// A new policy that knows nothing yet, on this core's heap, charged to that quota. Error::no_memory, or what the
    /// policy has against its parameters.
    virtual Result<Made_policy<Family>> make(Quota& quota, const Parameters& parameters) const = 0;

protected:
    ~Factory() = default;
};

} // namespace ovm::object
