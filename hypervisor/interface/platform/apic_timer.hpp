#pragma once

#include <cstdint>

#include "arch/lock.hpp"
#include "interface/platform/clock.hpp"
#include "interface/platform/guest_time.hpp"
#include "interface/platform/interrupt_pin.hpp"
#include "interface/platform/tick_pacer.hpp"

namespace ovm::interface
{

/// A local APIC's timer: one-shot and periodic counting at 1 GHz over the divider, and TSC deadline
/// (APM volume 2, 16.4.1; SDM volume 3, 11.5.4). While its entry is masked nothing is armed: what can be read follows
/// from the clock, and what would have rung is lost.
/// Concurrency: lock_ (Rank::device); its expiry is told under it, on the core whose queue holds the timer.
class Apic_timer
{
public:
    static constexpr std::uint64_t hertz = 1'000'000'000;
    /// No periodic timer rings more often than every 100 us, whatever the guest asks for.
    static constexpr std::uint64_t closest = hertz / 10'000;

    /// `expiry` hears the vector, unless the entry in the local vector table is masked.
    Apic_timer(Platform_clock clock, const Guest_time& time, Tick_sink& expiry);
    ~Apic_timer();
    Apic_timer(const Apic_timer&) = delete;
    Apic_timer& operator=(const Apic_timer&) = delete;

    /// Its timer fires no more. The vcpus have stopped before.
    void stop();
    void reset();
    /// The entry in the local vector table, already checked for reserved bits.
    void set_vector(std::uint32_t entry);
    void set_divide(std::uint32_t value);
    void start(std::uint32_t count);
    std::uint32_t initial() const;
    std::uint32_t current() const;

    /// In guest ticks; 0 disarms. Ignored, and read as 0, in other modes.
    void set_deadline(std::uint64_t guest_ticks);
    std::uint64_t deadline() const;
    /// The guest's counter was moved.
    void time_changed();

private:
    enum class Mode : std::uint8_t
    {
        one_shot,
        periodic,
        deadline,
        reserved
    };

    static constexpr std::uint32_t masked = 1u << 16;

    void fired(Ticks now);
    void begin_locked(std::uint32_t count) OVM_REQUIRES(lock_);
    void stop_locked() OVM_REQUIRES(lock_);
    void arm_deadline_locked() OVM_REQUIRES(lock_);
    void arm_counting_locked() OVM_REQUIRES(lock_);
    Acceptance expire_locked() OVM_REQUIRES(lock_);
    std::uint32_t current_locked() const OVM_REQUIRES(lock_);
    bool count_is_over_locked() const OVM_REQUIRES(lock_);
    bool deadline_is_over_locked() const OVM_REQUIRES(lock_);
    void forget_unheard_locked() OVM_REQUIRES(lock_);
    bool is_masked_locked() const OVM_REQUIRES(lock_) { return (entry_ & masked) != 0; }
    Mode mode_locked() const OVM_REQUIRES(lock_) { return static_cast<Mode>((entry_ >> 17) & 3); }

    Platform_clock clock_;
    Rate rate_;
    const Guest_time& time_;
    Tick_sink& expiry_;
    Member_timer<Apic_timer, &Apic_timer::fired> timer_{*this};

    mutable Ranked_lock<Rank::device> lock_;
    std::uint32_t entry_ OVM_GUARDED_BY(lock_);
    std::uint32_t divide_ OVM_GUARDED_BY(lock_) = 2;
    std::uint32_t initial_ OVM_GUARDED_BY(lock_) = 0;
    std::uint64_t begun_ OVM_GUARDED_BY(lock_) = 0; ///< in cycles of 1 GHz
    bool counting_ OVM_GUARDED_BY(lock_) = false;   ///< a one-shot or periodic count is under way
    std::uint64_t deadline_ OVM_GUARDED_BY(lock_) = 0;
    Tick_pacer pacer_ OVM_GUARDED_BY(lock_);
};

} // namespace ovm::interface
