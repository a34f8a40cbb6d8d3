#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include "base/result.hpp"
#include "base/strong.hpp"
#include "object/clustered/epoch.hpp"
#include "object/clustered/kind.hpp"
#include "object/clustered/object_table.hpp"
#include "object/job/job.hpp"

namespace ovm::object
{

/// What becomes of a clustered object in one change.
struct Change_plan
{
    Kind kind = Kind::shared; ///< afterwards
    Node_id home{};           ///< of a shared object's memory
    Seats leave = 0;          ///< representatives that hand over what they know, and end
    Seats come = 0;           ///< new ones, among which that is split; counted by the kind afterwards
    bool destroy = false;     ///< what they know is dropped, and references lead to the tombstone
};

/// A clustered object as its changes see it: the phases, in this order.
/// Concurrency: the phases by the change that has claimed it; claims from any core.
class Changeable
{
public:
    Changeable(const Changeable&) = delete;
    Changeable& operator=(const Changeable&) = delete;

    virtual Kind kind() const = 0;
    /// Where representatives are at this moment, as they come at first use; a shared object's has seat 0, and its
    /// memory near home().
    virtual Seats seats() const = 0;
    virtual Node_id home() const = 0;
    std::uint32_t representatives() const { return static_cast<std::uint32_t>(std::popcount(seats())); }

    bool claim() { return !claimed_.exchange(true, std::memory_order_acquire); }
    void disclaim() { claimed_.store(false, std::memory_order_release); }

    /// Makes the new representative of that seat. Error::no_memory: nothing changed.
    virtual Result<> construct(const Change_plan& plan, std::uint32_t seat) = 0;
    /// Instead of all that follows: the new representatives go.
    virtual void give_up() = 0;
    /// Who is concerned meets Error::busy from now on (a tombstone, if this is the end). Requires all constructed.
    virtual void close_gate(const Change_plan& plan) = 0;
    /// Merges, splits, and puts the new representatives in charge. Requires a grace period since close_gate().
    virtual void carry(const Change_plan& plan) = 0;
    /// The old representatives go. Requires a grace period since they could be reached last.
    virtual void retire() = 0;

    /// What a change would be. Error::gone, or Error::unsupported: an object of this kind cannot be changed so.
    virtual Result<Change_plan> plan_kind(Kind kind, Node_id home) const = 0;
    virtual Result<Change_plan> plan_migration(Core_id from, Core_id to) const = 0;
    virtual Result<Change_plan> plan_end() const = 0;
    /// The entry, which nobody needs any more. Requires that the object was destroyed, and has it still.
    virtual arch::Object_slot give_up_slot() = 0;

protected:
    Changeable() = default;
    ~Changeable() = default;

private:
    std::atomic<bool> claimed_{false};
};

class Change;

/// Who wants to know how a change ended.
class Change_observer
{
public:
    /// On the change's core; the change may be used again at once, and a destroyed object be given up.
    virtual void change_ended(const Change& change) = 0;

protected:
    ~Change_observer() = default;
};

/// Changes a clustered object while it is in use, as a job: nothing waits inside of a crossing. All that can fail comes
/// first, so there is nothing to roll back: a failed change never closed the gate. From the gate to the new
/// representatives it takes one grace period, in which a concerned caller meets Error::busy and asks again.
/// Invariant:   its object is claimed while it runs.
/// Concurrency: begun and run on one core.
/// Lifetime:    as long as the machine; used again and again.
/// Failure:     in construct only, a fault there included (Error::faulted). A representative that faults in
///              merge_into() or split_from() costs the core.
class Change final : public Job
{
public:
    /// Each begins on `core`, the one that calls. Error::busy: another change of that object is under way; and the
    /// plans' errors. Requires idle().
    Result<> begin_kind(Changeable& object, Kind kind, Node_id home, Core_id core, Change_observer* observer);
    /// A part goes from one core to another (per node: from node to node), where it is merged with the part that is
    /// there; a shared object goes near the core `to`. When core `from` calls again, it begins a new part.
    Result<> begin_migration(Changeable& object, Core_id from, Core_id to, Core_id core, Change_observer* observer);
    /// References lead to the tombstone from now on; the representatives go after a grace period. The entry stays
    /// taken.
    Result<> begin_end(Changeable& object, Core_id core, Change_observer* observer);
    /// Gives the entry of a destroyed object back, after a grace period, as crossings may hold what was stored nowhere
    /// any more. That no reference is stored is known to whoever handed them out, the object's owner: its holders end
    /// before it does, or were told to forget it.
    Result<> begin_give_back(Changeable& object, Object_table& table, Core_id core, Change_observer* observer);

    bool idle() const { return phase_ == Phase::idle; }
    /// How the last one ended.
    bool succeeded() const { return !failed_; }
    Error error() const { return error_; }

private:
    enum class Phase : std::uint8_t
    {
        idle,
        construct,
        close_gate,
        drain,
        retire,
        give_back,
    };

    Step step() override;
    Step faulted(const arch::Fault& fault) override;
    Step construct();
    Step close_gate();
    Step drain();
    Step retire();
    Step give_back();
    Step refused(Error error);
    Step end();
    Result<> claim(Changeable& object);
    Result<> begin(const Result<Change_plan>& plan, Phase phase, Core_id core, Change_observer* observer);

    Phase phase_ = Phase::idle;
    bool failed_ = false;
    Error error_ = Error::invalid;
    std::uint32_t seat_ = 0; ///< the next one to construct
    Change_plan plan_{};
    Changeable* object_ = nullptr;
    Object_table* table_ = nullptr;
    arch::Object_slot slot_{};
    Change_observer* observer_ = nullptr;
    Grace_period grace_{};
};

} // namespace ovm::object
