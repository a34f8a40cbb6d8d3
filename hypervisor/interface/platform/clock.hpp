#pragma once

#include <cstdint>

#include "interface/platform/rate.hpp"
#include "processor/timer.hpp"

namespace ovm::interface
{

/// What a device needs of time: the counter, how fast it runs, and somewhere to arm a timer.
struct Platform_clock
{
    processor::Timer_service& timers;
    std::uint64_t ticks_per_second;

    Ticks now() const { return timers.now(); }
    Rate rate(std::uint64_t hertz) const { return Rate(hertz, ticks_per_second); }
};

/// A timer that calls one method of the object that holds it.
template <typename Owner, void (Owner::*method)(Ticks)>
class Member_timer final : public processor::Timer
{
public:
    explicit Member_timer(Owner& owner) : owner_(owner) {}
    ~Member_timer() = default;

    void fired(Ticks now) override { (owner_.*method)(now); }

private:
    Owner& owner_;
};

} // namespace ovm::interface
