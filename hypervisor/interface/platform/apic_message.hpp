#pragma once

#include <cstdint>

namespace ovm::interface
{

/// How an interrupt message is delivered (APM volume 2, 16.5, ICR bits 10:8).
enum class Delivery : std::uint8_t
{
    fixed = 0,
    lowest_priority = 1,
    system_management = 2,
    reserved = 3,
    nmi = 4,
    init = 5,
    startup = 6,
    external = 7
};

/// What became of an interrupt.
enum class Acceptance : std::uint8_t
{
    nobody,  ///< masked, or nobody is there to take it
    waiting, ///< its predecessor has not been taken yet: the two are one now
    taken
};

/// What travels between interrupt controllers: an inter-processor interrupt, or an input's message.
struct Apic_message
{
    std::uint32_t destination = 0;
    std::uint8_t vector = 0;
    Delivery delivery = Delivery::fixed;
    bool logical = false;
    bool level = false;
};

/// Hears the end of level-triggered interrupts.
class End_listener
{
public:
    virtual void end_of_interrupt(std::uint8_t vector) = 0;

protected:
    ~End_listener() = default;
};

/// Answers INTA cycles: the pair of 8259A behind LINT0.
class External_interrupts
{
public:
    virtual bool asserts() const = 0;
    /// The vector; a spurious one when nothing asks any more.
    virtual std::uint8_t acknowledge() = 0;

protected:
    ~External_interrupts() = default;
};

} // namespace ovm::interface
