#pragma once

#include <cstdint>
#include <optional>

#include "arch/exit.hpp"

/// What the floor above implements for each vcpu.
namespace ovm::processor
{

class Core;
class Vcpu;

/// An interrupt that waits at a vcpu's interrupt controller.
struct Pending_interrupt
{
    std::uint8_t vector = 0;
    bool external = false; ///< from the PICs by ExtINT: the local task priority does not hold it back
};

/// Owns every exit that is not the processor's own affair (interrupts, windows, #AC, #DB).
/// Concurrency: called by each vcpu on its core, several at once.
class Exit_handler
{
public:
    virtual void handle(Vcpu& vcpu, const arch::Exit& exit) = 0;

protected:
    ~Exit_handler() = default;
};

/// One vcpu's interrupt controller, as its processor core sees it. It is asked only after Vcpu::notify().
/// Concurrency: called on the vcpu's core alone, while devices raise lines on others.
class Interrupt_port
{
public:
    /// The interrupt of highest priority that the in-service ones let pass. The task priority is not looked at here:
    /// it is the vcpu's CR8.
    virtual std::optional<Pending_interrupt> pending_interrupt() = 0;
    /// The vcpu takes it. Answers the vector to deliver (an interrupt of the PICs may have become a spurious one).
    virtual std::uint8_t acknowledge(Pending_interrupt interrupt) = 0;

    virtual bool nmi_pending() = 0;
    virtual void acknowledge_nmi() = 0;

    /// True once for each INIT that arrived.
    virtual bool take_init() = 0;
    /// The vector of a start-up IPI, once; later ones before it is taken count as the same.
    virtual std::optional<std::uint8_t> take_startup() = 0;

protected:
    ~Interrupt_port() = default;
};

/// Who follows the life of a VM's vcpus. All calls come on the vcpu's core, inside a crossing, no lock held.
class Vcpu_events
{
public:
    /// It runs again after it had to wait or halted: its steal time may have changed.
    virtual void resumed(Vcpu& vcpu) = 0;
    /// It halted with interrupts off, so that only an NMI or INIT can wake it, or it begins to wait for a start-up IPI.
    virtual void halted_for_good(Vcpu& vcpu) = 0;
    /// start() is not done: its core's scheduler has no room for its reservation. It stays stopped.
    virtual void refused(Vcpu& vcpu) = 0;
    /// stop() is done: it runs no more, and nothing of it is left in its core.
    virtual void stopped(Vcpu& vcpu) = 0;
    /// It leaves its core for that one, where it has not arrived yet: what keeps time for it goes there too. On the
    /// core that it leaves.
    virtual void moving(Vcpu& vcpu, Core& to) = 0;
    /// flush_translations() is done.
    virtual void flushed(Vcpu& vcpu) = 0;

protected:
    ~Vcpu_events() = default;
};

} // namespace ovm::processor
