#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "base/strong.hpp"
#include "object/clustered/kind.hpp"
#include "object/heap/owned.hpp"

namespace ovm::object
{

/// One of the objects that together are a clustered object: what it is to its callers, the family's interface, and
/// what it is to its root. Family::State is the family's canonical knowledge, a value that can be copied. Aligned, so
/// that no two cores' parts share a cache line.
template <typename Family>
class alignas(arch::cache_line) Representative : public Family
{
public:
    using State = typename Family::State;

    // Called by the root alone, its lock held, so they call only what has a higher rank; they must not fault
    // (change.hpp). No core is in a call of this representative meanwhile, but for a replicated object's, which others
    // read.

    /// Adds what it knows to `state`. Afterwards it is not used any more, but for a replicated object's.
    virtual void merge_into(State& state) = 0;
    /// On one that knows nothing yet: takes its share out of `state`, of which `sharers` >= 1, itself included, still
    /// get one. The last one takes all that is left.
    virtual void split_from(State& state, std::uint32_t sharers) = 0;
    /// The same for one that others are to be like: all of it, of which nothing is taken.
    virtual void copy_from(const State& state)
    {
        State copy = state;
        split_from(copy, 1);
    }

protected:
    ~Representative() = default;
};

/// Makes a family's representatives; each kind may have a class of its own.
/// Lifetime: as long as the root that uses it.
template <typename Family>
class Representative_factory
{
public:
    /// One that knows nothing yet, in memory near `node`. Called with the root's lock held. Error::no_memory.
    virtual Result<Owned<Representative<Family>>> make(Kind kind, Node_id node) = 0;

protected:
    ~Representative_factory() = default;
};

} // namespace ovm::object
