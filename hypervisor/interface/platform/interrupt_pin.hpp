#pragma once

#include "interface/platform/apic_message.hpp"

namespace ovm::interface
{

/// Where an interrupt controller's output leads. Called with the controller's lock held (Rank::interrupt).
class Interrupt_pin
{
public:
    virtual void set(bool level) = 0;

protected:
    ~Interrupt_pin() = default;
};

/// Where a clock's ticks lead, with an answer: `waiting` when the tick before has not been taken yet, `nobody` when no
/// tick would be seen now.
class Tick_sink
{
public:
    virtual Acceptance tick(unsigned line) = 0;

protected:
    ~Tick_sink() = default;
};

/// A clock that sleeps while its ticks meet masks.
class Mask_listener
{
public:
    /// A line may have been unmasked. No lock held.
    virtual void masks_changed() = 0;

protected:
    ~Mask_listener() = default;
};

} // namespace ovm::interface
