#pragma once

#include "base/result.hpp"
#include "object/adaptor/parameters.hpp"
#include "object/heap/owned.hpp"

namespace ovm::object
{

/// Makes policies of one kind.
/// Lifetime: as long as an adaptor knows it.
template <typename Family>
class Factory
{
public:
    virtual const Policy_description& description() const = 0;
    /// A new policy that knows nothing yet. Error::no_memory, or what the policy has against its parameters.
    virtual Result<Owned<Family>> make(Storage& storage, const Parameters& parameters) const = 0;

protected:
    ~Factory() = default;
};

} // namespace ovm::object
