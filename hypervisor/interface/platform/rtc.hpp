#pragma once

#include <array>
#include <cstdint>

#include "arch/lock.hpp"
#include "interface/platform/byte_port_device.hpp"
#include "interface/platform/calendar.hpp"
#include "interface/platform/clock.hpp"
#include "interface/platform/tick_pacer.hpp"

namespace ovm::interface
{

/// The PC's clock and battery-backed memory: MC146818A (Motorola data sheet), ports 70h and 71h. Time follows the
/// machine's wall clock at boot and the one counter; the guest may set it, for itself.
/// Concurrency: lock_ for each access.
class Rtc final : public Byte_port_device
{
public:
    static constexpr std::uint64_t hertz = 32768;
    static constexpr std::uint16_t first_port = 0x70;
    static constexpr std::uint16_t port_count = 2;

    /// `wall_clock`: seconds since 1970 when the counter stood at 0. `low`, `high`: RAM below and above 4 GiB.
    Rtc(Platform_clock clock, Irq_line irq, std::int64_t wall_clock, Bytes low, Bytes high);
    ~Rtc();
    Rtc(const Rtc&) = delete;
    Rtc& operator=(const Rtc&) = delete;

    /// Its timer fires no more. The vcpus have stopped before.
    void stop();

    /// What a reset pin does: interrupts off; time and memory stay (MC146818A, RESET).
    void reset();

    std::uint8_t read_byte(std::uint16_t port) override;
    void write_byte(std::uint16_t port, std::uint8_t value) override;

private:
    void fired(Ticks now);
    std::uint8_t read_register_locked(unsigned index) OVM_REQUIRES(lock_);
    void write_register_locked(unsigned index, std::uint8_t value) OVM_REQUIRES(lock_);
    std::uint8_t read_flags_locked() OVM_REQUIRES(lock_);
    std::uint8_t read_time_locked(unsigned index) OVM_REQUIRES(lock_);
    void write_time_locked(unsigned index, std::uint8_t value) OVM_REQUIRES(lock_);
    void write_control_locked(unsigned index, std::uint8_t value) OVM_REQUIRES(lock_);
    void collect_flags_locked(std::uint64_t now) OVM_REQUIRES(lock_);
    void schedule_locked() OVM_REQUIRES(lock_);
    void start_periodic_locked() OVM_REQUIRES(lock_);
    void update_line_locked() OVM_REQUIRES(lock_);
    std::uint64_t next_alarm_locked(std::uint64_t after_second) const OVM_REQUIRES(lock_);

    std::uint64_t cycles() const { return rate_.cycles(clock_.now()); }
    std::uint64_t time_of_day_locked() const OVM_REQUIRES(lock_);
    bool is_set_locked() const OVM_REQUIRES(lock_);
    std::uint8_t encode_locked(unsigned value) const OVM_REQUIRES(lock_);
    unsigned decode_locked(std::uint8_t value) const OVM_REQUIRES(lock_);
    std::uint8_t encode_hour_locked(unsigned hour) const OVM_REQUIRES(lock_);
    unsigned decode_hour_locked(std::uint8_t value) const OVM_REQUIRES(lock_);
    std::uint64_t periodic_period_locked() const OVM_REQUIRES(lock_);
    void set_memory_size(Bytes low, Bytes high) OVM_REQUIRES(lock_);

    Platform_clock clock_;
    Rate rate_;
    Irq_line irq_;
    Member_timer<Rtc, &Rtc::fired> timer_{*this};

    Ranked_lock<Rank::device> lock_;
    std::array<std::uint8_t, 128> memory_ OVM_GUARDED_BY(lock_){};
    std::uint8_t index_ OVM_GUARDED_BY(lock_) = 0;
    std::uint64_t offset_ OVM_GUARDED_BY(lock_) = 0;        ///< time of day less cycles, in cycles
    Calendar_time held_ OVM_GUARDED_BY(lock_){};            ///< while the SET bit stops the clock
    std::uint64_t looked_second_ OVM_GUARDED_BY(lock_) = 0; ///< up to here, updates and alarms are in the flags
    std::uint64_t looked_period_ OVM_GUARDED_BY(lock_) = 0; ///< the same for periods, in cycles
    Tick_pacer pacer_ OVM_GUARDED_BY(lock_);
};

} // namespace ovm::interface
