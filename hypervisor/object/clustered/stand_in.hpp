#pragma once

#include <concepts>

#include "base/result.hpp"

namespace ovm::object
{

/// Where a stand-in leads a call: to an object that serves it, or to the reason why none does.
/// Concurrency: any core, inside a crossing; what it answers is used in that crossing only.
template <typename Family>
class Lead
{
public:
    virtual Result<Family*> lead() = 0;

protected:
    ~Lead() = default;
};

/// Leads nowhere. Concurrency: any core; it has no state, so that one serves all objects of its family.
template <typename Family, Error answer>
class Refusal : public Lead<Family>
{
public:
    Result<Family*> lead() override { return answer; }
};

/// A family whose calls can go through a stand-in: Family::Stand_in is a Family that holds a Lead and passes each call
/// to where that leads. A call that can fail answers the lead's error, another one what cannot do harm. The generator
/// writes it, from what the family says (base/generate.hpp).
template <typename Family>
concept Has_stand_in = std::derived_from<typename Family::Stand_in, Family> &&
                       std::constructible_from<typename Family::Stand_in, Lead<Family>&>;

/// An object of the family that refuses every call, with `answer`.
/// Concurrency: any core; it has no state.
template <Has_stand_in Family, Error answer>
class Refusing final : private Refusal<Family, answer>, public Family::Stand_in
{
public:
    Refusing() : Family::Stand_in(static_cast<Lead<Family>&>(*this)) {}
    Refusing(const Refusing&) = delete;
    Refusing& operator=(const Refusing&) = delete;
};

/// What callers meet while nobody may be called.
template <typename Family>
using Gate = Refusing<Family, Error::busy>;

/// What the references of a destroyed object lead to. Outlives them all, so it belongs to the machine and not to the
/// object.
template <typename Family>
using Tombstone = Refusing<Family, Error::gone>;

} // namespace ovm::object
