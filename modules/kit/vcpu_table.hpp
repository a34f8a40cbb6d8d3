#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/contract.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "processor/scheduler.hpp"

namespace ovm::modules
{

/// What a Vcpu_table knows of each vcpu. A policy's own entry derives from it, and may say in holds() what of its own
/// members is always so.
struct Vcpu_entry
{
    processor::Schedulable* vcpu = nullptr;
    bool runnable = false;

    constexpr bool holds() const { return true; }
};

/// The vcpus that live on a core, each with what the policy keeps of it, and which of them runs: what every scheduler
/// needs before it has an idea of its own. For the few vcpus of a core, going through all is as fast as anything else.
/// Invariant:   holds(): the first count() entries are the vcpus that live here; current() is one of them, or nobody.
///              A policy's class invariant asks for it.
/// Concurrency: its owner's.
/// Failure:     admit() and take_over() deny a vcpu for which there is no place. That a vcpu is here at all when it
///              wakes or leaves is the core's duty: a policy requires it of find()'s answer.
template <typename Entry = Vcpu_entry>
class Vcpu_table
{
public:
    static constexpr std::uint32_t most = 64;     ///< vcpus on a core
    static constexpr std::uint32_t nobody = most; ///< the place of none

    bool holds() const
    {
        return count_ <= most && (current_ == nobody || current_ < count_) &&
               OVM_FOR_ALL(i, count_, entries_[i].vcpu != nullptr && entries_[i].holds());
    }

    std::uint32_t count() const { return count_; }
    Entry& operator[](std::size_t place) { return entries_[place]; }
    const Entry& operator[](std::size_t place) const { return entries_[place]; }

    std::uint32_t current() const { return current_; }
    /// That one, or nobody, runs from now on.
    void run(std::uint32_t place, Ticks now)
    {
        OVM_REQUIRES_THAT(place == nobody || place < count_);
        current_ = place;
        since_ = now;
        OVM_PROMISES(current() == place);
    }
    /// Whether it is the current one; nullptr is if nobody is.
    bool is_current(const processor::Schedulable* vcpu) const
    {
        return vcpu == (current_ == nobody ? nullptr : entries_[current_].vcpu);
    }
    /// Adds to the current one's account what it ran since it was charged last, and says how long that was.
    Ticks charge(Ticks now)
    {
        if (current_ == nobody || now <= since_)
            return Ticks(0);
        auto const ran = now - since_;
        since_ = now;
        auto& account = entries_[current_].vcpu->account();
        [[maybe_unused]] auto const before = account.ran;
        std::uint64_t sum = 0;
        account.ran = Ticks(__builtin_add_overflow(account.ran.value(), ran.value(), &sum) ? ~std::uint64_t{0} : sum);
        OVM_PROMISES(account.ran >= before);
        return ran;
    }

    /// Its place from now on; nobody, if there is none left. The policy's own members of the entry are for it to set.
    std::uint32_t add(processor::Schedulable& vcpu)
    {
        auto const at = count_;
        if (at != nobody)
        {
            entries_[at].vcpu = &vcpu;
            entries_[at].runnable = false;
            ++count_;
        }
        OVM_PROMISES(at == nobody || (entries_[at].vcpu == &vcpu && is_asleep(at)));
        return at;
    }
    Result<> admit(processor::Schedulable& vcpu)
    {
        [[maybe_unused]] auto const before = count_;
        auto const done = add(vcpu) == nobody ? Result<>(Error::denied) : Result<>{};
        OVM_PROMISES(done.has_value() == (count_ != before));
        return done;
    }
    /// The place of that vcpu, or nobody.
    std::uint32_t find(const processor::Schedulable& vcpu) const
    {
        for (std::uint32_t i = 0; i < count_; ++i)
        {
            if (entries_[i].vcpu == &vcpu)
            {
                OVM_PROMISES(has(i, vcpu));
                return i;
            }
        }
        return nobody;
    }
    /// For proofs: whether that place is its.
    bool has(std::uint32_t place, const processor::Schedulable& vcpu) const
    {
        return place < count_ && entries_[place].vcpu == &vcpu;
    }
    /// What leave() and wake() require of a vcpu's place, and block().
    bool is_asleep(std::uint32_t place) const
    {
        return place < count_ && !entries_[place].runnable && place != current_;
    }
    bool is_runnable(std::uint32_t place) const { return place < count_ && entries_[place].runnable; }
    /// The last one takes its place.
    void leave(std::uint32_t place)
    {
        OVM_REQUIRES_THAT(is_asleep(place));
        --count_;
        entries_[place] = entries_[count_];
        if (current_ == count_)
            current_ = place;
    }
    void wake(std::uint32_t place)
    {
        OVM_REQUIRES_THAT(is_asleep(place));
        entries_[place].runnable = true;
    }
    /// If it is the current one, nobody is then; charge() comes first.
    void block(std::uint32_t place, Ticks now)
    {
        OVM_REQUIRES_THAT(is_runnable(place));
        entries_[place].runnable = false;
        entries_[place].vcpu->account().asleep_since = now;
        if (current_ == place)
            current_ = nobody;
    }

    /// For proofs: whether nobody can run, except that place.
    bool is_alone(std::uint32_t place) const { return OVM_FOR_ALL(i, count_, i == place || !entries_[i].runnable); }
    /// The runnable one, except that place, that comes before all others; among equals the one with the lowest place.
    template <typename Before>
    std::uint32_t first_but(std::uint32_t excluded, const Before& before) const
    {
        std::uint32_t best = nobody;
        for (std::uint32_t i = 0; i < count_; ++i)
        {
            OVM_LOOP_INVARIANT(best == nobody || (best < i && entries_[best].runnable));
            OVM_LOOP_INVARIANT(OVM_FOR_ALL(at, i,
                                           at == excluded || !entries_[at].runnable ||
                                               (best != nobody && !before(entries_[at], entries_[best]))));
            if (i != excluded && entries_[i].runnable && (best == nobody || before(entries_[i], entries_[best])))
                best = i;
        }
        OVM_PROMISES(best == nobody ? is_alone(excluded) : is_runnable(best));
        OVM_PROMISES(OVM_FOR_ALL(at, count_,
                                 at == excluded || !entries_[at].runnable ||
                                     (best != nobody && !before(entries_[at], entries_[best]))));
        return best;
    }
    bool others_wait() const
    {
        bool waits = false;
        for (std::uint32_t i = 0; i < count_ && !waits; ++i)
        {
            OVM_LOOP_INVARIANT(OVM_FOR_ALL(at, i, at == current_ || !entries_[at].runnable));
            waits = i != current_ && entries_[i].runnable;
        }
        OVM_PROMISES(waits != is_alone(current_));
        return waits;
    }

    /// A vcpu of a state, which may be the one that runs: its place, or nobody, as add() says it.
    std::uint32_t take(processor::Schedulable& vcpu, const processor::Scheduler_state& state)
    {
        auto const at = add(vcpu);
        if (at == nobody)
            return at;
        entries_[at].runnable = vcpu.runnable();
        if (&vcpu == state.current)
            run(at, state.now);
        OVM_PROMISES(is_runnable(at) == vcpu.runnable() && (at == current_) == (&vcpu == state.current));
        return at;
    }
    /// All vcpus of a state; begin() sets the policy's own members of each entry. Names reservations as lost.
    template <typename Begin>
    Result<> take_over(processor::Scheduler_state& state, const Begin& begin)
    {
        for (auto& vcpu : state.vcpus)
        {
            OVM_LOOP_INVARIANT(holds());
            auto const at = take(vcpu, state);
            if (at == nobody)
                return Error::denied;
            begin(entries_[at]);
            if (vcpu.parameters().has_reservation())
                state.lost |= processor::Scheduler_state::reservation;
        }
        return {};
    }

private:
    std::array<Entry, most> entries_{};
    std::uint32_t count_ = 0;
    std::uint32_t current_ = nobody;
    Ticks since_{}; ///< the current one is charged up to here
};

} // namespace ovm::modules
