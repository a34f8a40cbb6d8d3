#pragma once

#include <array>
#include <cstdint>

#include "arch/lock.hpp"
#include "interface/platform/byte_port_device.hpp"
#include "interface/platform/clock.hpp"
#include "interface/platform/interrupt_pin.hpp"
#include "interface/platform/tick_pacer.hpp"

namespace ovm::interface
{

/// One counter of an 8254 (Intel 8254 data sheet). Nothing ticks: count and output follow from the cycles that have
/// passed. All times are absolute cycles of 1.193182 MHz.
/// Invariant: period_ is 1 to 65536 (10000 in BCD); mode_ is 0 to 5.
class Pit_channel
{
public:
    /// True when it was not just a latch.
    bool control(std::uint8_t command, std::uint64_t now);
    /// True when a count has been loaded.
    bool write(std::uint8_t value, std::uint64_t now);
    std::uint8_t read(std::uint64_t now);
    void latch_count(std::uint64_t now);
    void latch_status(std::uint64_t now);
    void set_gate(bool level, std::uint64_t now);

    bool gate() const { return gate_; }
    bool output(std::uint64_t now) const;
    unsigned mode() const { return mode_; }
    std::uint64_t period() const { return period_; }
    bool is_periodic() const { return mode_ == 2 || mode_ == 3; }
    /// Counting, with an edge of the output still to come.
    bool is_running() const { return loaded_ && !frozen_ && triggered_; }
    /// When the output rises first.
    std::uint64_t first_edge() const { return begun_ + period_ + (mode_ >= 4 ? 1 : 0); }

private:
    enum class Access : std::uint8_t
    {
        latch,
        low,
        high,
        both
    };

    std::uint64_t elapsed(std::uint64_t now) const { return frozen_ ? frozen_at_ : now - begun_; }
    std::uint16_t count(std::uint64_t now) const;
    bool load(std::uint16_t value, std::uint64_t now);
    bool waits_for_trigger() const { return mode_ == 1 || mode_ == 5; }

    unsigned mode_ = 3;
    Access access_ = Access::both;
    bool bcd_ = false;
    bool gate_ = true;
    bool loaded_ = false;    ///< a count was written since the control word
    bool triggered_ = false; ///< modes 1 and 5 start by a rising gate
    bool frozen_ = false;    ///< the gate is low in a mode that stops then
    std::uint64_t frozen_at_ = 0;
    std::uint64_t begun_ = 0;
    std::uint64_t period_ = 65536;
    std::uint8_t low_byte_ = 0;
    bool writes_high_ = false;
    bool reads_high_ = false;
    std::uint16_t latched_count_ = 0;
    unsigned latched_bytes_ = 0;
    std::uint8_t latched_status_ = 0;
    bool status_latched_ = false;
};

/// The PC's interval timer, ports 40h to 43h, and port 61h, where channel 2's gate and output are. Channel 0 ticks on
/// ISA line 0; ticks that the guest missed come later, at a bounded rate. Ticks that meet masks are lost; from then on
/// it only looks now and then, until it hears that the masks have changed.
/// Concurrency: lock_ for each access; ticks are given under it.
class Pit final : public Byte_port_device, public Mask_listener
{
public:
    static constexpr std::uint64_t hertz = 1'193'182;
    static constexpr std::uint16_t first_port = 0x40;
    static constexpr std::uint16_t port_count = 4;
    static constexpr std::uint16_t speaker_port = 0x61;

    Pit(Platform_clock clock, Tick_sink& ticks, unsigned line);
    ~Pit();
    Pit(const Pit&) = delete;
    Pit& operator=(const Pit&) = delete;

    /// Its timer fires no more. The vcpus have stopped before.
    void stop();
    void reset();
    std::uint8_t read_byte(std::uint16_t port) override;
    void write_byte(std::uint16_t port, std::uint8_t value) override;
    void masks_changed() override;

private:
    void fired(Ticks now);
    std::uint64_t now() const { return rate_.cycles(clock_.now()); }
    std::uint8_t read_speaker_locked() OVM_REQUIRES(lock_);
    void control_locked(std::uint8_t value) OVM_REQUIRES(lock_);
    void schedule_locked() OVM_REQUIRES(lock_);

    Platform_clock clock_;
    Rate rate_;
    Tick_sink& ticks_;
    unsigned line_;
    Member_timer<Pit, &Pit::fired> timer_{*this};

    Ranked_lock<Rank::device> lock_;
    std::array<Pit_channel, 3> channels_ OVM_GUARDED_BY(lock_){};
    Tick_pacer pacer_ OVM_GUARDED_BY(lock_);
    std::uint8_t speaker_ OVM_GUARDED_BY(lock_) = 0;
    bool unheard_ OVM_GUARDED_BY(lock_) = false; ///< the last periodic tick met masks
};

} // namespace ovm::interface
