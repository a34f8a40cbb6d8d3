#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "object/adaptor/parameters.hpp"
#include "object/adaptor/policy_object.hpp"

namespace ovm::object
{

/// What an adaptor needs to know of a factory, whatever its family is.
class Any_factory
{
public:
    virtual const Policy_description& description() const = 0;
    /// A policy that it made failed. Where that was a module's, it makes no more, and answers the module's name.
    virtual std::string_view quarantine() const { return {}; }
    /// Whether that instruction is of its policies alone.
    virtual bool has_code(std::uint64_t) const { return false; }

protected:
    ~Any_factory() = default;
};

/// Makes policies of one kind.
/// Lifetime: as long as an adaptor knows it.
template <typename Family>
class Factory : public Any_factory
{
public:
    /// A new policy that knows nothing yet, on this core's heap, charged to that quota. Error::no_memory, or what the
    /// policy has against its parameters.
    virtual Result<Made_policy<Family>> make(Quota& quota, const Parameters& parameters) const = 0;

protected:
    ~Factory() = default;
};

/// A factory as what it was when an adaptor of that family got it.
template <typename Family>
[[clang::annotate("ovm::trusted", "an adaptor is only offered factories of its family")]]
const Factory<Family>& as_factory(const Any_factory& factory)
{
    return static_cast<const Factory<Family>&>(factory);
}

} // namespace ovm::object
