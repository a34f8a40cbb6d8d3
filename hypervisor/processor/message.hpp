#pragma once

#include <atomic>

namespace ovm::processor
{

class Core;
class Inbox;

/// What one core asks of another. Intrusive and in an inbox at most once: posting it again before it was received adds
/// nothing, so what is asked for stands in the object that derives from this, written before post().
/// Lifetime: outlives its reception; who destroys it knows that nobody posts it any more.
class Message
{
public:
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    /// On the core that it was posted to, inside a crossing, no lock held.
    virtual void received(Core& core) = 0;

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

    bool empty() const { return first_.load(std::memory_order_relaxed) == nullptr; }

    /// Receives everything that was posted before, in the order of posting.
    void receive_all(Core& core)
    {
        Message* taken = first_.exchange(nullptr, std::memory_order_acquire);
        Message* in_order = nullptr;
        while (taken != nullptr)
        {
            Message* const next = taken->next_;
            taken->next_ = in_order;
            in_order = taken;
            taken = next;
        }
        while (in_order != nullptr)
        {
            Message& message = *in_order;
            in_order = message.next_;
            // From here on it can be posted again; what was asked for before is seen by received().
            message.posted_.exchange(false, std::memory_order_acq_rel);
            message.received(core);
        }
    }

private:
    std::atomic<Message*> first_{nullptr};
};

} // namespace ovm::processor
