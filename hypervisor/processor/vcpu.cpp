#include "processor/vcpu.hpp"

#include "arch/processor.hpp"
#include "base/contract.hpp"
#include "processor/core.hpp"

namespace ovm::processor
{

using arch::Event;
using arch::Exit_kind;

Vcpu::Vcpu(Identity identity, Core& home, Host_physical processor_memory, memory::Guest_memory& memory,
           Exit_handler& handler, Interrupt_port& interrupts, Vcpu_events& events)
    : Schedulable(identity.scheduling), state_(identity.vm, processor_memory), handler_(handler), memory_(memory),
      interrupts_(interrupts), events_(events), home_(home), identity_(identity)
{
    state_.set_nested_root(memory.root());
}

Timer_service& Vcpu::timers() const
{
    return home_.timers();
}

Nanoseconds Vcpu::steal_time() const
{
    return arch::to_nanoseconds(Ticks(stolen_.load(std::memory_order_relaxed)));
}

void Vcpu::start_waiting(Ticks now)
{
    waiting_since_ = now;
    waiting_ = true;
}

void Vcpu::end_waiting(Ticks now)
{
    if (waiting_ && now > waiting_since_)
        stolen_.fetch_add((now - waiting_since_).value(), std::memory_order_relaxed);
    waiting_ = false;
    events_.resumed(*this);
}

void Vcpu::ask(std::uint32_t what)
{
    attention_.fetch_or(what, std::memory_order_acq_rel);
    object::post(home_.id(), *this);
}

void Vcpu::notify()
{
    // Its own devices on its own core: it looks before it enters again.
    if (arch::this_core() == home_.id() && home_.current() == this)
        attention_.fetch_or(event, std::memory_order_acq_rel);
    else
        ask(event);
}

void Vcpu::start(Run_state first)
{
    OVM_REQUIRES_THAT(run_state() == Run_state::stopped);
    OVM_REQUIRES_THAT(first == Run_state::runnable || first == Run_state::waiting_for_startup);
    first_state_ = first;
    ask(start_asked);
}

void Vcpu::stop()
{
    ask(stop_asked);
}

void Vcpu::flush_translations()
{
    ask(flush_asked);
}

void Vcpu::received()
{
    auto& core = home_;
    auto const asked = attention_.load(std::memory_order_acquire);
    if ((asked & flush_asked) != 0)
    {
        clear(flush_asked);
        state_.forget_translations();
        pages_.clear();
        events_.flushed(*this);
    }
    if ((asked & start_asked) != 0)
    {
        // Asked until it is done: a scheduler that fails here is replaced, and the core comes back to this.
        auto const admitted = core.admit(*this);
        clear(start_asked);
        if (!admitted)
            return events_.refused(*this);
        deferred_.reset();
        pages_.clear();
        halted_for_good_.store(false, std::memory_order_release);
        set_run_state(first_state_);
        if (first_state_ == Run_state::runnable)
            core.make_runnable(*this);
        else
            events_.halted_for_good(*this); // the one that boots may have halted for good before this one came
    }
    if ((asked & stop_asked) != 0)
    {
        core.dismiss(*this);
        clear(stop_asked | blocked);
        set_run_state(Run_state::stopped);
        state_.leave(core.virtual_core_);
        pages_.clear();
        if (core.current() == nullptr)
            arch::core_window().guest = {};
        return events_.stopped(*this);
    }
    bool const sleeps = run_state() == Run_state::halted || run_state() == Run_state::waiting_for_startup;
    if ((asked & event) != 0 && sleeps && has_reason_to_wake())
        core.make_runnable(*this);
}

bool Vcpu::attend()
{
    clear(blocked);
    if (run_state() == Run_state::halted && !has_reason_to_wake())
    {
        if (run_state() == Run_state::halted && !state_.interrupts_enabled())
        {
            halted_for_good_.store(true, std::memory_order_seq_cst);
            events_.halted_for_good(*this);
        }
        return false;
    }
    if ((attention_.load(std::memory_order_acquire) & event) != 0)
        deliver_events();
    return run_state() == Run_state::runnable;
}

void Vcpu::take_own_exit(const arch::Exit& exit)
{
    if (exit.kind == Exit_kind::interrupt_window)
        attention_.fetch_or(event, std::memory_order_relaxed);
    else if (exit.kind == Exit_kind::exception)
        take_exception_exit(exit);
    // The host takes its own NMI as soon as it can, which was before this; INIT is none of a guest's business.
}

/// #DB and #AC are left to nobody but the guest; that they pass here is enough to keep a guest that raises them
/// without end from holding the core.
void Vcpu::take_exception_exit(const arch::Exit& exit)
{
    constexpr std::uint8_t debug = 1;
    if (exit.by_instruction)
        advance(exit);
    if (exit.vector == debug)
        state_.set_dr7(state_.dr7() & ~bit(13)); // general detect is off in the handler (APM volume 2, 13.1.1.4)
    inject_exception(exit.vector, exit.error_code);
}

void Vcpu::halt()
{
    set_run_state(Run_state::halted);
    attention_.fetch_or(blocked, std::memory_order_relaxed);
}

void Vcpu::accept_init()
{
    state_.reset(arch::Reset::init);
    deferred_.reset();
    halted_for_good_.store(false, std::memory_order_release);
    // The processor that boots begins again at the reset vector; the others wait (APM volume 2, 14.1.3).
    set_run_state(identity_.index == Vcpu_index(0) ? Run_state::runnable : Run_state::waiting_for_startup);
}

bool Vcpu::could_take(const Pending_interrupt& interrupt) const
{
    return state_.interrupts_enabled() && (interrupt.external || interrupt.vector >> 4 > state_.task_priority());
}

bool Vcpu::has_reason_to_wake()
{
    if (interrupts_.take_init())
        accept_init();
    if (run_state() == Run_state::waiting_for_startup)
    {
        auto const vector = interrupts_.take_startup();
        if (!vector)
            return false;
        state_.start(*vector);
    }
    else if (run_state() == Run_state::halted && !interrupts_.nmi_pending() && !deferred_ && !state_.event_pending())
    {
        auto const pending = interrupts_.pending_interrupt();
        if (!pending || !could_take(*pending))
            return false;
    }
    halted_for_good_.store(false, std::memory_order_release);
    set_run_state(Run_state::runnable);
    attention_.fetch_or(event, std::memory_order_relaxed);
    return true;
}

void Vcpu::deliver_events()
{
    clear(event);
    if (interrupts_.take_init())
        accept_init();
    // A start-up IPI means nothing to a processor that does not wait for one.
    if (auto const vector = interrupts_.take_startup(); run_state() == Run_state::waiting_for_startup)
    {
        if (!vector)
            return;
        state_.start(*vector);
        set_run_state(Run_state::runnable);
    }
    deliver_deferred();
    deliver_nmi();
    deliver_interrupt();
}

void Vcpu::deliver_deferred()
{
    if (!deferred_)
        return;
    bool const possible = deferred_->type == Event::Type::nmi ? !state_.event_pending() : state_.can_take_interrupt();
    if (!possible)
    {
        attention_.fetch_or(event, std::memory_order_relaxed);
        return;
    }
    state_.inject(*deferred_);
    deferred_.reset();
}

void Vcpu::deliver_nmi()
{
    constexpr std::uint8_t nmi_vector = 2;
    if (!interrupts_.nmi_pending())
        return;
    if (!state_.can_take_nmi())
    {
        attention_.fetch_or(event, std::memory_order_relaxed);
        return;
    }
    interrupts_.acknowledge_nmi();
    state_.inject({.type = Event::Type::nmi, .vector = nmi_vector});
}

void Vcpu::deliver_interrupt()
{
    auto pending = interrupts_.pending_interrupt();
    if (pending && could_take(*pending) && state_.can_take_interrupt())
    {
        state_.inject({.type = Event::Type::interrupt, .vector = interrupts_.acknowledge(*pending)});
        pending = interrupts_.pending_interrupt();
    }
    if (pending)
        state_.request_interrupt_window(pending->vector, pending->external);
    else
        state_.cancel_interrupt_window();
}

} // namespace ovm::processor
