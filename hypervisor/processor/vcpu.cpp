#include "processor/vcpu.hpp"

#include "arch/at_hand.hpp"
#include "arch/crossing.hpp"
#include "arch/injection.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"
#include "processor/core.hpp"
#include "processor/migration.hpp"

namespace ovm::processor
{

using arch::Event;
using arch::Exit_kind;

Vcpu::Vcpu(Identity identity, Core& home, Host_physical processor_memory, memory::Guest_memory& memory,
           Exit_handler& handler, Interrupt_port& interrupts, Vcpu_events& events)
    : Schedulable(identity.scheduling), state_(identity.vm, processor_memory), handler_(handler), memory_(memory),
      interrupts_(interrupts), events_(events), home_(&home), identity_(identity)
{
    state_.set_nested_root(memory.root());
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
    object::post(home().id(), *this);
}

/// What was posted to the core that it left, by one who did not know yet, follows it.
Core_id Vcpu::receiver(Core_id) const
{
    return home().id();
}

void Vcpu::ask_again(Core_id core)
{
    if (has_attention())
        object::post(core, *this);
}

void Vcpu::notify()
{
    // Its own devices on its own core: it looks before it enters again.
    auto const& home = this->home();
    if (arch::this_core() == home.id() && home.current() == this)
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
    arch::At_hand const at_hand(arch::core_window(), *this);
    auto& core = home();
    auto const asked = attention_.load(std::memory_order_acquire);
    if ((asked & in_transit) != 0)
        return;
    if ((asked & arriving) != 0)
    {
        core.take_in(*this, migration_->room());
        arch::injection_point("vcpu: taken in, not arrived");
        arch::Commit_section const once;
        clear(arriving);
        migration_->arrived();
    }
    if ((asked & flush_asked) != 0)
    {
        clear(flush_asked);
        state_.forget_translations();
        pages_.clear();
        events_.flushed(*this);
    }
    if ((asked & start_asked) != 0)
        begin();
    if ((asked & stop_asked) != 0)
    {
        leave_core();
        arch::injection_point("vcpu: dismissed, not stopped");
        clear(stop_asked | blocked);
        set_run_state(Run_state::stopped);
        pages_.clear();
        if ((asked & leave_asked) != 0)
            depart();
        return events_.stopped(*this);
    }
    if ((asked & leave_asked) != 0)
        return depart();
    bool const sleeps = run_state() == Run_state::halted || run_state() == Run_state::waiting_for_startup;
    if ((asked & event) != 0 && sleeps && has_reason_to_wake())
        core.make_runnable(*this);
}

void Vcpu::begin()
{
    // Asked until it is done: a scheduler that fails here is replaced, and the core comes back to this.
    auto& core = home();
    auto const admitted = core.admit(*this);
    arch::injection_point("vcpu: admitted, not started");
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

/// Nothing of it stays behind in its core.
void Vcpu::leave_core()
{
    auto& core = home();
    core.dismiss(*this);
    state_.leave(core.virtual_core_);
    if (core.current() == nullptr)
        arch::core_window().guest = {};
}

/// On the core that has made room for it: its own is asked to let it go.
void Vcpu::leave_for(Migration& migration)
{
    migration_ = &migration;
    ask(leave_asked);
}

/// What has stopped, or not begun, stays.
void Vcpu::depart()
{
    auto& migration = *migration_;
    if (!resident())
    {
        clear(leave_asked);
        return migration.cannot_depart();
    }
    auto& to = migration.target();
    leave_core();
    // On its way it waits for a core, too. Whether a core looked for its wake-up is another one's affair now.
    if (run_state() == Run_state::runnable && !waiting_)
        start_waiting(arch::time_stamp());
    halted_at_ = Ticks(0);
    events_.moving(*this, to);
    attention_.fetch_or(in_transit, std::memory_order_relaxed);
    clear(leave_asked);
    // From here on it is the other core's.
    home_.store(&to, std::memory_order_release);
    migration.departed();
}

void Vcpu::arrive()
{
    attention_.fetch_or(arriving, std::memory_order_relaxed);
    clear(in_transit);
    received();
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
    note_shadow();
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
    arch::injection_point("vcpu: before it is delivered events");
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
    if (pending && could_take(*pending) && (state_.interrupt_shadow() || state_.rip() == shadow_at_)) [[unlikely]]
        pass_halt();
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
