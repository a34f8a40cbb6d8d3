#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <utility>

#include "arch/crossing.hpp"
#include "arch/lock.hpp"
#include "object/clustered/change.hpp"
#include "object/clustered/reference.hpp"
#include "object/clustered/representative.hpp"
#include "object/clustered/stand_in.hpp"

namespace ovm::object
{

/// The root of a clustered object (Tornado: Gamsa, Krieger, Appavoo, Stumm, 1999; K42): owns its entry of the object
/// table and its representatives, knows its kind, makes representatives at first use, and is what changes work on.
/// Callers hold reference() and see one object of the family; no call passes through here once its core's entry leads
/// to a representative.
/// Invariant:   an entry leads to its core's representative; to missing_ while there is none, or none was asked for; to
///              gate_ while a change concerns that core; to the tombstone after the end. Representatives together know
///              what the object knows: each all of it (shared, replicated), or each its part.
/// Concurrency: any core; lock_ for what is no plain call. A core's first call takes it, so nobody makes that with a
///              lock of its rank or above held.
/// Lifetime:    not destroyed before its end has come (Change::begin_end) or without having been opened; its entry is
///              given back by Change::begin_give_back before that. The factory and the tombstone outlive it.
/// Failure:     a core's first call may meet Error::no_memory, and is its core's first call again the next time.
template <Has_stand_in Family, Rank rank = Rank::clustered>
class Clustered final : public Changeable, private Lead<Family>
{
public:
    using State = typename Family::State;

    /// `home` is where a shared object's memory is.
    Clustered(Kind kind, Representative_factory<Family>& factory, Tombstone<Family>& tombstone, Node_id home = {})
        : factory_(factory), tombstone_(tombstone), home_(home), kind_(kind)
    {
    }
    ~Clustered() { OVM_REQUIRES_THAT(!reference_); }

    /// From now on it can be called; representatives come as it is. Error::full. Call once.
    Result<> open(Object_table& table)
    {
        Family& first = missing_;
        reference_ = Ref<Family>(OVM_TRY(table.take(&first)));
        return {};
    }

    /// What callers hold. Valid after open().
    Ref<Family> reference() const { return reference_; }
    Kind kind() const override
    {
        Lock_guard const guard(lock_);
        return kind_;
    }
    Seats seats() const override
    {
        Lock_guard const guard(lock_);
        Seats taken = 0;
        for (std::uint32_t seat = 0; seat < max_seats; ++seat)
            taken |= seats_[seat].current ? bit(seat) : 0;
        return taken;
    }
    Node_id home() const override
    {
        Lock_guard const guard(lock_);
        return home_;
    }

    /// Calls `visit(Representative<Family>&)` for each there is, one after the other, from this core and beside their
    /// own callers: it may touch only what the family lets others touch. Calls nothing of this object.
    template <typename Visit>
    void for_each(Visit&& visit)
    {
        Lock_guard const guard(lock_);
        for (auto& seat : seats_)
        {
            if (seat.current)
                visit(*seat.current);
        }
    }

    /// A total: `total = add(total, representative)` over all that know something of their own, so of replicas over
    /// one. Exact when nobody calls meanwhile; no change of kind is seen half done.
    template <typename Value, typename Add>
    Value reduce(Value total, Add&& add)
    {
        Lock_guard const guard(lock_);
        for (auto& seat : seats_)
        {
            if (!seat.current)
                continue;
            total = add(total, *seat.current);
            if (kind_ == Kind::replicated)
                break;
        }
        return total;
    }

    /// For the representatives of a replicated object: a write, everywhere, in the same order on each. Others read
    /// meanwhile, and a new replica has it or does not exist yet. As half of it would be no write, it cannot fault.
    template <typename Write>
    void write_everywhere(Write&& write)
    {
        arch::Commit_section const commit;
        for_each(write);
    }

    Result<> construct(const Change_plan& plan, std::uint32_t seat) override
    {
        Lock_guard const guard(lock_);
        seats_[seat].next = OVM_TRY(factory_.make(plan.kind, near(plan.kind, plan.home, seat)));
        return {};
    }
    void give_up() override { retire(); }
    void close_gate(const Change_plan& plan) override
    {
        Lock_guard const guard(lock_);
        arch::Commit_section const commit;
        gone_ = plan.destroy;
        for (std::uint32_t core = 0; core < arch::window_count(); ++core)
        {
            if (plan.destroy)
                lead_locked(Core_id(core), tombstone_);
            else if (concerns_locked(plan, Core_id(core)))
            {
                gated_ |= bit(core);
                lead_locked(Core_id(core), gate_);
            }
        }
        if (plan.destroy)
            exchange_locked(plan);
    }
    void carry(const Change_plan& plan) override
    {
        Lock_guard const guard(lock_);
        arch::Commit_section const commit; // half of it could not be undone
        State state{};
        merge_locked(plan, state);
        split_locked(plan, state);
        exchange_locked(plan);
        kind_ = plan.kind;
        home_ = plan.home;
        for (std::uint32_t core = 0; core < arch::window_count(); ++core)
        {
            if (!contains(gated_, core))
                continue;
            auto& current = seats_[seat_of(kind_, Core_id(core))].current;
            lead_locked(Core_id(core), current ? static_cast<Family&>(*current) : missing_);
        }
        gated_ = 0;
    }
    void retire() override
    {
        Lock_guard const guard(lock_);
        for (auto& seat : seats_)
            seat.next.reset();
    }

    Result<Change_plan> plan_kind(Kind kind, Node_id home) const override
    {
        Lock_guard const guard(lock_);
        if (gone_)
            return Error::gone;
        return Change_plan{.kind = kind, .home = home, .leave = ~Seats{0}, .come = all_seats(kind)};
    }
    Result<Change_plan> plan_migration(Core_id from, Core_id to) const override
    {
        Lock_guard const guard(lock_);
        if (gone_)
            return Error::gone;
        if (kind_ == Kind::shared)
            return Change_plan{.kind = kind_, .home = arch::node_of(to), .leave = bit(0), .come = bit(0)};
        auto const here = bit(seat_of(kind_, from));
        auto const there = bit(seat_of(kind_, to));
        if (kind_ == Kind::replicated || here == there)
            return Error::unsupported;
        return Change_plan{.kind = kind_, .home = home_, .leave = here | there, .come = there};
    }
    Result<Change_plan> plan_end() const override
    {
        Lock_guard const guard(lock_);
        if (gone_)
            return Error::gone;
        return Change_plan{.kind = kind_, .home = home_, .leave = ~Seats{0}, .destroy = true};
    }
    arch::Object_slot give_up_slot() override
    {
        Lock_guard const guard(lock_);
        OVM_REQUIRES_THAT(gone_ && reference_);
        return std::exchange(reference_, Ref<Family>()).slot();
    }

private:
    struct Seat
    {
        Owned<Representative<Family>> current{};
        Owned<Representative<Family>> next{}; ///< in a change: made and not in charge yet, or not any more
    };

    /// Where missing_ leads: a core's first call makes its representative, or finds the one that its node has.
    Result<Family*> lead() override
    {
        auto const core = arch::this_core();
        Lock_guard const guard(lock_);
        if (gone_)
            return Error::gone;
        if (contains(gated_, core.value()))
            return Error::busy;
        auto const seat = seat_of(kind_, core);
        auto& current = seats_[seat].current;
        if (!current)
        {
            auto made = OVM_TRY(factory_.make(kind_, near(kind_, home_, seat)));
            if (kind_ == Kind::replicated)
                copy_locked(*made);
            arch::Commit_section const commit;
            current = std::move(made);
        }
        lead_locked(core, *current);
        return current.get();
    }

    static Node_id near(Kind kind, Node_id home, std::uint32_t seat)
    {
        if (kind == Kind::shared)
            return home;
        return kind == Kind::per_node ? Node_id(seat) : arch::node_of(Core_id(seat));
    }
    bool concerns_locked(const Change_plan& plan, Core_id core) const OVM_REQUIRES(lock_)
    {
        return contains(plan.leave, seat_of(kind_, core)) || contains(plan.come, seat_of(plan.kind, core));
    }
    void lead_locked(Core_id core, Family& object) OVM_REQUIRES(lock_) { publish<Family>(core, reference_, object); }
    /// A new replica knows what any other does; the first one knows nothing.
    void copy_locked(Representative<Family>& fresh) OVM_REQUIRES(lock_)
    {
        State state{};
        merge_locked({.leave = ~Seats{0}}, state);
        fresh.copy_from(state);
    }
    void merge_locked(const Change_plan& plan, State& state) OVM_REQUIRES(lock_)
    {
        for (std::uint32_t seat = 0; seat < max_seats; ++seat)
        {
            auto& current = seats_[seat].current;
            if (!contains(plan.leave, seat) || !current)
                continue;
            current->merge_into(state);
            if (kind_ == Kind::replicated)
                return; // the others know the same
        }
    }
    void split_locked(const Change_plan& plan, State& state) OVM_REQUIRES(lock_)
    {
        auto sharers = static_cast<std::uint32_t>(std::popcount(plan.come));
        for (std::uint32_t seat = 0; seat < max_seats; ++seat)
        {
            if (!contains(plan.come, seat))
                continue;
            auto& fresh = *seats_[seat].next;
            if (plan.kind == Kind::replicated)
                fresh.copy_from(state);
            else
                fresh.split_from(state, sharers--);
        }
    }
    void exchange_locked(const Change_plan& plan) OVM_REQUIRES(lock_)
    {
        for (std::uint32_t seat = 0; seat < max_seats; ++seat)
        {
            if (contains(plan.leave | plan.come, seat))
                std::swap(seats_[seat].current, seats_[seat].next);
        }
    }

    Representative_factory<Family>& factory_;
    Tombstone<Family>& tombstone_;
    Ref<Family> reference_{};
    Gate<Family> gate_{};
    typename Family::Stand_in missing_{*this};
    mutable Ranked_lock<rank> lock_;
    std::array<Seat, max_seats> seats_ OVM_GUARDED_BY(lock_){};
    Seats gated_ OVM_GUARDED_BY(lock_) = 0; ///< cores that meet the gate
    Node_id home_ OVM_GUARDED_BY(lock_);
    Kind kind_ OVM_GUARDED_BY(lock_);
    bool gone_ OVM_GUARDED_BY(lock_) = false;
};

} // namespace ovm::object
