#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "base/strong.hpp"
#include "object/message/message.hpp"
#include "processor/schedulable.hpp"

namespace ovm::processor
{

class Core;
class Migration;
class Vcpu;

/// Who wants to know how a migration ended.
class Migration_observer
{
public:
    /// On the core that began it; it may be used again at once.
    virtual void migration_over(Migration& migration) = 0;

protected:
    ~Migration_observer() = default;
};

/// A vcpu's way from its core to another one while its VM runs (docs/decisions/0013-moving-a-vcpu.md). One message goes
/// from core to core, and whoever has it acts at the beginning of a crossing:
///   prepare   the target's scheduler makes room, by admitting a stand-in with the vcpu's parameters, or refuses;
///   depart    the vcpu's core gives it up: scheduler, registers, translations, timers; the target is its home now;
///   arrive    the target puts it in the stand-in's place, and does what was asked of it meanwhile;
///   over      whoever began it learns how it ended.
/// Invariant:   the vcpu is in no core's scheduler only between depart and arrive, and runs on no core then.
/// Concurrency: begin() and the looks on one core, idle() at any time and the others while it is; the steps each on its
///              own.
/// Lifetime:    as long as the machine. The vcpu and the target outlive it until it is over.
/// Failure:     of prepare: the vcpu has noticed nothing, and lives where it lived. Departing and arriving cannot fail.
class Migration final : private object::Message
{
public:
    enum class Outcome : std::uint8_t
    {
        moved,
        no_room, ///< its reservation does not fit beside the others' there
        stopped, ///< it did not run any more, or not yet
    };

    bool idle() const { return !under_way_; }
    /// Requires idle(), and that no other migration of the vcpu is under way. Error::exists: it lives there.
    Result<> begin(Vcpu& vcpu, Core& to, Migration_observer& observer);

    // Of the last one.
    Vcpu& vcpu() const { return *vcpu_; }
    Core& to() const { return *to_; }
    Outcome outcome() const { return outcome_; }
    /// From begin() to arrival or refusal.
    Ticks duration() const { return ended_ - begun_; }

private:
    friend class Vcpu;

    enum class Phase : std::uint8_t
    {
        preparing,
        leaving,
        arriving,
        cancelling,
        over
    };

    /// Keeps a place in the target's scheduler.
    class Room final : public Schedulable
    {
    public:
        explicit Room(Migration& owner) : owner_(owner) {}
        using Schedulable::set_parameters;
        void ask_again(Core_id core) override;

        bool unsettled = false; ///< the target is about to admit it or to give it up

    private:
        Migration& owner_;
    };

    void received() override;
    void prepare();
    void cancel();
    void end(Outcome outcome);

    // The vcpu's part, on its core.
    Core& target() { return *to_; }
    Schedulable& room() { return room_; }
    void departed();
    void cannot_depart();
    void arrived();

    Vcpu* vcpu_ = nullptr;
    Core* to_ = nullptr;
    Migration_observer* observer_ = nullptr;
    Core_id owner_{};
    bool under_way_ = false; ///< between begin() and migration_over(), on the core of both
    Phase phase_ = Phase::over;
    Outcome outcome_ = Outcome::moved;
    Ticks begun_{};
    Ticks ended_{};
    Room room_{*this};
};

} // namespace ovm::processor
