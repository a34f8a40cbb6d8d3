#pragma once

#include <cstdint>
#include <span>

#include "object/adaptor/adaptor.hpp"
#include "object/adaptor/swap.hpp"
#include "object/job/job.hpp"

namespace ovm::object
{

/// Whose adaptors Return looks after.
class Return_owner
{
public:
    /// On the core of Return.
    virtual std::span<Adaptor* const> adaptors() const = 0;
    /// That resource has a policy in charge again; or not: no policy would take over, and what has served it since the
    /// fault goes on.
    virtual void returned(const Adaptor& adaptor, bool done) = 0;

protected:
    ~Return_owner() = default;
};

/// Brings resources back whose policies failed: within the probation of the failed one to the last good one, after it,
/// or if that cannot take over, to the built-in one, the first of the adaptor's. Until then the family's stand-in or
/// the holder's last resort serves, so that nobody waits for this. It ends: after the built-in one nothing is tried.
/// Only for memory, and for swaps under way, it waits. Concurrency: want() from any core; the rest on its own.
/// Lifetime:    as long as the machine.
class Return final : public Job, private Swap_observer
{
public:
    static constexpr std::size_t built_in = 0;
    /// How long after it took over a policy is not trusted as much as the one before.
    static constexpr Nanoseconds probation{10'000'000'000};

    Return(Return_owner& owner, Core_id core) : owner_(owner), core_(core) {}

    /// After Adaptor::faulted() said so.
    void want(Adaptor& adaptor, Adaptor::Failed failed);

private:
    Step step() override;
    Step faulted(const arch::Fault&) override { return Step::again; }
    void swap_ended(const Swap& swap) override;
    bool begin(Adaptor& adaptor, const Adaptor::Good& to);
    static Adaptor::Good target(const Adaptor& adaptor, Adaptor::Wish wish);
    static Adaptor::Good built_in_of(const Adaptor& adaptor);

    Return_owner& owner_;
    Core_id core_;
    Swap swap_{};
};

} // namespace ovm::object
