#pragma once

#include <cstdint>

#include "base/strong.hpp"

namespace ovm::processor
{

class Vcpu;

/// What the owner of a VM asks for each of its vcpus; it outlives every policy.
struct Scheduling_parameters
{
    std::uint32_t weight = default_weight; ///< share of a contended core, beside the others' weights
    Ticks budget{};                        ///< reserved in each period; 0: no reservation
    Ticks period{};
    Ticks latency{}; ///< how soon it wants to run after it wakes; 0: no wish

    static constexpr std::uint32_t default_weight = 100;
    static constexpr std::uint32_t weight_max = 10'000;
    constexpr bool has_reservation() const { return budget != Ticks(0); }
};

/// The canonical account of one vcpu: what an outgoing scheduler knows of it, in words that every scheduler
/// understands. A field that a policy has no use for stays as it was imported, so that A to B to A brings it back.
struct Scheduling_account
{
    std::int64_t lag = 0; ///< ticks of service owed to it (negative: had in advance), as EEVDF means it
    Ticks slice_left{};   ///< of its turn
    Ticks budget_left{};  ///< of its reservation, in the period that ends at `deadline`
    Ticks deadline{};     ///< of its reservation; 0: none has begun
    Ticks kept_at{};      ///< when a policy that keeps reservations wrote budget_left and deadline
    Ticks asleep_since{}; ///< when it blocked last
    Ticks ran{};          ///< all that it ever ran
};

/// What a scheduler sees of a vcpu. `place` is the present policy's alone.
/// Concurrency: its home core only.
class Schedulable
{
public:
    Schedulable(const Schedulable&) = delete;
    Schedulable& operator=(const Schedulable&) = delete;

    /// Links and numbers of the policy that has it; meaningless to the next one. What a list and a tree change of each
    /// other's vcpus stands apart from everything else, so that proofs see that the rest stays.
    struct Place
    {
        struct In_list
        {
            Schedulable* next = nullptr;
            Schedulable* previous = nullptr;
            bool queued = false;
        };
        /// A balanced tree's; `least` is of the subtree.
        struct Links
        {
            Schedulable* earlier = nullptr;
            Schedulable* later = nullptr;
            Schedulable* parent = nullptr;
            std::int64_t least = 0;
        };

        In_list list{};
        Links links{};
        std::int64_t key = 0;
        std::int64_t value = 0;
        std::uint64_t priority = 0; ///< in the tree; 0: in none

        bool is_queued() const { return list.queued || priority != 0; }
    };

    Place& place() { return place_; }
    const Place& place() const { return place_; }
    Scheduling_account& account() { return account_; }
    const Scheduling_account& account() const { return account_; }
    const Scheduling_parameters& parameters() const { return parameters_; }
    /// Who it is; none of what only keeps a place for one.
    virtual Vcpu* vcpu() { return nullptr; }
    /// Its core has got another scheduler in the middle of something: what was asked of it and is not done is asked
    /// again. On that core.
    virtual void ask_again(Core_id) {}

    /// The core's own knowledge, which no policy can spoil: it checks every choice by it.
    bool runnable() const { return runnable_; }
    bool resident() const { return resident_; }

protected:
    Schedulable() = default;
    explicit Schedulable(const Scheduling_parameters& parameters) : parameters_(parameters) {}
    /// While no scheduler knows it.
    void set_parameters(const Scheduling_parameters& parameters) { parameters_ = parameters; }
    ~Schedulable() = default;

private:
    friend class Residents;

    Place place_{};
    Scheduling_account account_{};
    Scheduling_parameters parameters_{};
    Schedulable* next_resident_ = nullptr;
    Schedulable* previous_resident_ = nullptr;
    bool resident_ = false;
    bool runnable_ = false;
};

} // namespace ovm::processor
