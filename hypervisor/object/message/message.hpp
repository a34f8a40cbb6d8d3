#pragma once

#include <atomic>

#include "base/contract.hpp"
#include "base/strong.hpp"

namespace ovm::object
{

class Inbox;

/// What one core asks of another. Intrusive and in an inbox at most once: posting it again before it was received adds
/// nothing, so what is asked for stands in the object that derives from this, written before post().
/// Lifetime: outlives its reception. Who destroys it knows that nobody posts it any more, has seen it not posted(),
///           and then waited for a grace period, as it may have been in the middle of its reception.
class Message
{
public:
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    /// It is in an inbox, or on its way to another one.
    bool posted() const { return posted_.load(std::memory_order_acquire); }

    /// On the core that it was posted to, at the beginning of a crossing, no lock held.
    virtual void received() = 0;

protected:
    Message() = default;
    ~Message() = default;

    /// Where it is to be received, asked where it arrived: a receiver that moves has it follow. It counts as posted
    /// until the answer is `here`, so it is in no other inbox and nobody receives it meanwhile.
    virtual Core_id receiver(Core_id here) const { return here; }

private:
    friend class Inbox;
    std::atomic<bool> posted_{false};
    Message* next_ = nullptr;
};

/// The message goes on to that core. By who has taken it out of another inbox, and does not touch it afterwards.
void forward(Core_id core, Message& message);

/// Messages to one core.
/// Concurrency: put from any core without a lock; receive_all on its own.
class Inbox
{
public:
    explicit Inbox(Core_id core) : core_(core) {}

    /// False when the message is there already. inbox.pml: claim_message.
    OVM_VERIFIED bool put(Message& message)
    {
        if (message.posted_.exchange(true, std::memory_order_acq_rel))
            return false;
        insert(message);
        return true;
    }

    /// Asked on its own core behind receive_all(), whose last call has left nothing of what it took out.
    OVM_VERIFIED_INLINE bool empty() const { return first_.load(std::memory_order_relaxed) == nullptr; }

    /// Receives everything that was posted before, in the order of posting. A reception that is discarded loses
    /// itself alone: the next call goes on behind it. inbox.pml: take_all, take_next, allow_again, receive.
    void receive_all()
    {
        if (in_order_ == nullptr)
            turn_round(first_.exchange(nullptr, std::memory_order_acquire));
        while (in_order_ != nullptr)
        {
            Message& message = *in_order_;
            in_order_ = message.next_;
            if (auto const elsewhere = message.receiver(core_); elsewhere != core_) [[unlikely]]
            {
                forward(elsewhere, message);
                continue;
            }
            // From here on it can be posted again; what was asked for before is seen by received().
            message.posted_.exchange(false, std::memory_order_acq_rel);
            message.received();
        }
    }

private:
    friend void forward(Core_id core, Message& message);

    /// Lock-free: it tries again only after another core has put one there. From the exchange on the message is the
    /// receiver's. inbox.pml: link_message, publish_message.
    OVM_VERIFIED void insert(Message& message)
    {
        Message* first = first_.load(std::memory_order_relaxed);
        do
            message.next_ = first;
        while (!first_.compare_exchange_strong(first, &message, std::memory_order_release, std::memory_order_relaxed));
    }
    void turn_round(Message* taken) // inbox.pml: turn_round
    {
        while (taken != nullptr)
        {
            Message* const next = taken->next_;
            taken->next_ = in_order_;
            in_order_ = taken;
            taken = next;
        }
    }

    Core_id core_;
    std::atomic<Message*> first_{nullptr};
    Message* in_order_ = nullptr; ///< taken out, not received yet
};

/// The message is received on that core soon. From any core.
void post(Core_id core, Message& message);

} // namespace ovm::object
