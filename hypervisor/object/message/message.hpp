#pragma once

#include <atomic>

#include "base/strong.hpp"

namespace ovm::object
{

class Inbox;

/// What one core asks of another. Intrusive and in an inbox at most once: posting it again before it was received adds
/// nothing, so what is asked for stands in the object that derives from this, written before post().
/// Lifetime: outlives its reception; who destroys it knows that nobody posts it any more.
class Message
{
public:
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    /// On the core that it was posted to, at the beginning of a crossing, no lock held.
    virtual void received() = 0;

protected:
    Message() = default;
    ~Message() = default;

private:
    friend class Inbox;
    std::atomic<bool> posted_{false};
    Message* next_ = nullptr;
};

/// Messages to one core.
/// Concurrency: put from any core without a lock; receive_all on its own.
class Inbox
{
public:
    /// False when the message is there already.
    bool put(Message& message)
    {
        if (message.posted_.exchange(true, std::memory_order_acq_rel))
            return false;
        Message* first = first_.load(std::memory_order_relaxed);
        do
            message.next_ = first;
        while (!first_.compare_exchange_weak(first, &message, std::memory_order_release, std::memory_order_relaxed));
        return true;
    }

    bool empty() const { return first_.load(std::memory_order_relaxed) == nullptr && in_order_ == nullptr; }

    /// Receives everything that was posted before, in the order of posting. A reception that is discarded loses
    /// itself alone: the next call goes on behind it.
    void receive_all()
    {
        if (in_order_ == nullptr)
            turn_round(first_.exchange(nullptr, std::memory_order_acquire));
        while (in_order_ != nullptr)
        {
            Message& message = *in_order_;
            in_order_ = message.next_;
            // From here on it can be posted again; what was asked for before is seen by received().
            message.posted_.exchange(false, std::memory_order_acq_rel);
            message.received();
        }
    }

private:
    void turn_round(Message* taken)
    {
        while (taken != nullptr)
        {
            Message* const next = taken->next_;
            taken->next_ = in_order_;
            in_order_ = taken;
            taken = next;
        }
    }

    std::atomic<Message*> first_{nullptr};
    Message* in_order_ = nullptr; ///< taken out, not received yet
};

/// The message is received on that core soon. From any core.
void post(Core_id core, Message& message);

} // namespace ovm::object
