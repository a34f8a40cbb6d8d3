#pragma once

#include <cstdint>

#include "arch/fault.hpp"
#include "base/strong.hpp"
#include "object/message/message.hpp"

namespace ovm::object
{

/// Work too long for one crossing: it keeps its own state and runs in slices, on one core.
/// Invariant:   in its core's queue at most once.
/// Failure:     a slice whose crossing is discarded is repeated if a policy failed that it asked, so until that call it
///              changes nothing that it could not change again; for a fault of its own there is faulted().
/// Concurrency: start() from any core, always to the same one until the job is done; step() on that core.
/// Lifetime:    not destroyed while it is queued or may be started.
class Job : private Message
{
public:
    enum class Step : std::uint8_t
    {
        again,   ///< more to do: the next slice comes soon
        at_once, ///< more to do, and others wait for it: no guest of this core comes between
        wait,    ///< nothing to do until start() is called again
        done
    };

    /// Its next slice runs on that core soon.
    void start(Core_id core) { post(core, *this); }

protected:
    Job() = default;
    ~Job() = default;

    /// As start(), on the core where it runs, at once.
    static void queue_here(Job& job);

    /// One slice, at most 20,000 instructions, in a crossing of its own.
    virtual Step step() = 0;
    /// Comes as a slice after one that failed: how to go on, so that who waits for the job learns of it. A job that
    /// fails in here, too, is over.
    virtual Step faulted(const arch::Fault&) { return Step::done; }

private:
    friend class Job_queue;
    void received() override { queue_here(*this); }

    Job* next_ = nullptr;
    bool queued_ = false;
    arch::Fault fault_{}; ///< of the last slice, until faulted() was called
};

/// One core's jobs: a slice each in turn.
/// Concurrency: its core only.
class Job_queue
{
public:
    bool empty() const { return first_ == nullptr; }
    void add(Job& job);
    /// One slice of the job that waits longest. True: the next slice must come at once.
    bool run_one();
    /// A crossing was discarded. If that was in a slice, the job comes again: with the same slice, or after a fault of
    /// `its_own` with faulted(). False: no slice was running.
    bool discarded(const arch::Fault* its_own);

private:
    bool go_on(Job& job, Job::Step next);

    Job* running_ = nullptr; ///< its slice has not ended
    arch::Fault mended_{};   ///< what that slice is the answer to, if to a fault
    Job* first_ = nullptr;
    Job* last_ = nullptr;
};

} // namespace ovm::object
