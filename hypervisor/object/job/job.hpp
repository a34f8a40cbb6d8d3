#pragma once

#include <cstdint>

#include "base/strong.hpp"
#include "object/message/message.hpp"

namespace ovm::object
{

/// Work too long for one crossing: it keeps its own state and runs in slices, on one core.
/// Invariant:   in its core's queue at most once.
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

    /// One slice, at most 20,000 instructions, in a crossing of its own.
    virtual Step step() = 0;

private:
    friend class Job_queue;
    void received() override { queue_here(*this); }
    static void queue_here(Job& job);

    Job* next_ = nullptr;
    bool queued_ = false;
};

/// One core's jobs: a slice each in turn.
/// Concurrency: its core only.
class Job_queue
{
public:
    bool empty() const { return first_ == nullptr; }
    void add(Job& job);
    /// One slice of the job that waits longest. A slice that is discarded costs the job its place.
    /// True: the next slice must come at once.
    bool run_one();

private:
    Job* first_ = nullptr;
    Job* last_ = nullptr;
};

} // namespace ovm::object
