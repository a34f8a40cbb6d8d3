#pragma once

#include <optional>

#include "base/strong.hpp"
#include "processor/schedulable.hpp"

namespace ovm::processor
{

/// The policy that decides which vcpu runs: one core's representative of it.
/// Invariant:   it knows exactly the runnable vcpus of its core, the running one included.
/// Concurrency: its own core only, inside a crossing.
class Scheduler
{
public:
    struct Choice
    {
        Schedulable* next = nullptr;  ///< none: nothing is runnable
        std::optional<Ticks> until{}; ///< choose again at this time at the latest
    };

    /// It became runnable; the core chooses again before it runs anybody.
    virtual void wake(Schedulable& vcpu, Ticks now) = 0;
    /// It is no longer runnable: it halted or was stopped, while it ran or not.
    virtual void block(Schedulable& vcpu, Ticks now) = 0;
    /// Who runs from now on; whom the last choice named has run until now, if it was not blocked since.
    virtual Choice choose(Ticks now) = 0;

protected:
    ~Scheduler() = default;
};

} // namespace ovm::processor
