#pragma once

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

/// Where a clock's ticks lead, with an answer: false when the tick before still waits to be taken.
class Tick_sink
{
public:
    virtual bool tick(unsigned line) = 0;

protected:
    ~Tick_sink() = default;
};

} // namespace ovm::interface
