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

/// Leads nowhere: Error::busy makes a gate, Error::gone a tombstone. It has no state, so that one serves all objects
/// of its family.
template <typename Family, Error answer>
class Refusal final : public Lead<Family>
{
public:
    Result<Family*> lead() override { return answer; }
};

/// A family whose calls can go through a stand-in: Family::Stand_in is a Family that holds a Lead and passes each call
/// to where that leads. A call that can fail answers the lead's error, another one what cannot do harm.
template <typename Family>
concept Has_stand_in = std::derived_from<typename Family::Stand_in, Family> &&
                       std::constructible_from<typename Family::Stand_in, Lead<Family>&>;

/// What the references of a destroyed object lead to. Outlives them all, so it belongs to the machine and not to the
/// object.
template <Has_stand_in Family>
class Tombstone
{
public:
    Tombstone() = default;
    Tombstone(const Tombstone&) = delete;
    Tombstone& operator=(const Tombstone&) = delete;

    Family& answer() { return answer_; }

private:
    Refusal<Family, Error::gone> gone_{};
    typename Family::Stand_in answer_{gone_};
};

} // namespace ovm::object
