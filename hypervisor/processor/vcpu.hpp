#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include "arch/vcpu.hpp"
#include "arch/x86_64/instruction/decoder.hpp"
#include "base/bits.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "memory/guest_memory.hpp"
#include "memory/withdrawal.hpp"
#include "object/message/message.hpp"
#include "processor/halt.hpp"
#include "processor/page_cache.hpp"
#include "processor/page_walk.hpp"
#include "processor/schedulable.hpp"
#include "processor/seams.hpp"
#include "processor/vcpu_identity.hpp"

namespace ovm::processor
{

class Core;
class Migration;

enum class Run_state : std::uint8_t
{
    stopped,             ///< not started, or stop() is done
    waiting_for_startup, ///< after INIT: a start-up IPI wakes it
    halted,
    runnable, ///< running, or waiting for its core
};

/// One virtual processor of a VM: its state, what it waits for, and its place on its home core.
/// Invariant:   its home core's scheduler knows it, and no other; while a migration has it between two cores, none.
/// Concurrency: notify, start, stop, flush_translations from any core; the looks at home, run state and time too;
///              everything else on its home core, or on any while it is stopped. Only its home core gives it another
///              one; what was posted to the old one follows it.
/// Lifetime:    destroyed while stopped, when nobody notifies it any more and no migration has it, a grace period after
///              it was seen not is_asked(). `memory` is Virtual_processor's.
class Vcpu final : public Schedulable, public memory::Translation_user, private object::Message
{
public:
    struct Identity
    {
        Vm_id vm{};
        Vcpu_index index{};
        Scheduling_parameters scheduling{};

        constexpr operator Vcpu_identity() const { return {vm, index}; }
    };

    Vcpu(Identity identity, Core& home, Host_physical processor_memory, memory::Guest_memory& memory,
         Exit_handler& handler, Interrupt_port& interrupts, Vcpu_events& events);

    Vm_id vm() const { return identity_.vm; }
    Vcpu_index index() const { return identity_.index; }
    Vcpu_identity identity() const { return identity_; }
    Core& home() const { return *home_.load(std::memory_order_acquire); }
    arch::Virtual_processor& state() { return state_; }
    Vcpu* vcpu() override { return this; }
    memory::Guest_memory& memory() const { return memory_; }

    Run_state run_state() const { return run_state_.load(std::memory_order_acquire); }
    /// Halted with interrupts off.
    bool is_halted_for_good() const { return halted_for_good_.load(std::memory_order_acquire); }
    /// How long it was runnable while its core did something else.
    Nanoseconds steal_time() const;

    /// Its interrupt controller has something to say: a new interrupt, or a change of what holds one back.
    void notify();
    /// From the beginning: `first` is runnable for the processor that boots, waiting_for_startup for the others.
    /// Requires that it is stopped. Vcpu_events::refused says when its home has no room for it.
    void start(Run_state first);
    /// Takes effect soon; Vcpu_events::stopped says when. Harmless when it is stopped: then it says so again.
    void stop();
    /// Somebody has asked something of it that no core has looked at yet.
    bool is_asked() const { return posted(); }
    /// Makes it forget all translations before it runs again; Vcpu_events::flushed says when.
    void flush_translations() override;

    /// Moves rip behind the instruction that exited, and pays what that owes: the end of an interrupt shadow, and #DB
    /// after a single step. When the instruction cannot be read again, the guest gets the fault instead.
    void advance(const arch::Exit& exit);
    void advance(unsigned length) { move_past(length, state_.mode()); }
    /// HLT: it runs on when an interrupt comes. After advance().
    void halt();

    /// An exception that the instruction at rip raises; one that meets another on its way becomes #DF as the APM says
    /// (volume 2, 8.2.9).
    void inject_exception(std::uint8_t vector, std::optional<std::uint32_t> error_code);

    /// Linear to guest-physical, through the guest's own tables. Error::not_present: the guest has been given #PF
    /// (or #GP for an address that is not canonical).
    Result<Guest_physical> translate(Guest_virtual at, Access access);
    /// The same without consequences.
    std::expected<Guest_physical, Walk_fault> look_up(Guest_virtual at, Access access) const;

    /// The instruction at rip, read anew. Error::not_present: the guest has been given its fault; Error::invalid: there
    /// is no such instruction.
    Result<arch::instruction::Decoded> decode();

private:
    friend class Core;
    friend class Migration;

    enum Attention : std::uint32_t
    {
        event = 1, ///< the interrupt controller wants to be asked
        start_asked = 2,
        stop_asked = 4,
        flush_asked = 8,
        blocked = 16,     ///< it is not runnable any more
        leave_asked = 32, ///< migration_ has a place for it elsewhere
        in_transit = 64,  ///< no core has it: what is asked is done where it arrives
        arriving = 128,   ///< its new core has not done with its arrival
    };

    void received() override;
    void begin();
    Core_id receiver(Core_id here) const override;
    void ask_again(Core_id core) override;
    void leave_for(Migration& migration);
    void depart();
    void arrive();
    void leave_core();
    void ask(std::uint32_t what);
    void start_waiting(Ticks now);
    void end_waiting(Ticks now);
    void clear(std::uint32_t what) { attention_.fetch_and(~what, std::memory_order_acq_rel); }

    bool has_attention() const { return attention_.load(std::memory_order_relaxed) != 0; }
    /// What has_attention() was about. False: it does not run on.
    bool attend();
    /// Kinds that are the processor's own affair, a bit each.
    static constexpr std::uint64_t own_exits = bit(static_cast<unsigned>(arch::Exit_kind::interrupt_window)) |
                                               bit(static_cast<unsigned>(arch::Exit_kind::exception)) |
                                               bit(static_cast<unsigned>(arch::Exit_kind::nmi)) |
                                               bit(static_cast<unsigned>(arch::Exit_kind::init));
    void take_exit(const arch::Exit& exit)
    {
        if ((own_exits >> static_cast<unsigned>(exit.kind) & 1) != 0) [[unlikely]]
            take_own_exit(exit);
        else
            handler_.handle(*this, exit);
    }
    void take_own_exit(const arch::Exit& exit);
    /// After an exit that is not its instruction's: where it was in an interrupt shadow, pass_halt() knows it.
    void note_shadow()
    {
        if (state_.interrupt_shadow()) [[unlikely]]
            shadow_at_ = state_.rip();
    }
    void deliver_events();
    void deliver_deferred();
    void deliver_interrupt();
    void deliver_nmi();
    bool has_reason_to_wake();
    void accept_init();
    void set_run_state(Run_state state) { run_state_.store(state, std::memory_order_release); }
    bool could_take(const Pending_interrupt& interrupt) const;
    void take_exception_exit(const arch::Exit& exit);
    void move_past(unsigned length, arch::instruction::Mode mode);
    void finish_instruction();
    void pass_halt();
    void single_step();

    Guest_virtual linear_rip(arch::instruction::Mode mode) const;
    Paging paging() const;
    std::span<const std::uint8_t> code_at(Guest_virtual at, std::size_t most);
    std::span<const std::uint8_t> code_window(Guest_virtual at, std::size_t most);
    std::span<const std::uint8_t> fetch(std::span<std::uint8_t> into);
    void raise_undecodable(arch::instruction::Decode_error error);
    void raise(Guest_virtual at, const Walk_fault& fault);
    void advance_by_decoding();
    void advance_in_pieces(arch::instruction::Decode_error error);

    arch::Virtual_processor state_;
    mutable Page_cache pages_{};
    Exit_handler& handler_;
    memory::Guest_memory& memory_;
    Interrupt_port& interrupts_;
    Vcpu_events& events_;
    std::atomic<Core*> home_;
    Identity identity_;
    std::atomic<std::uint32_t> attention_{0};
    std::atomic<Run_state> run_state_{Run_state::stopped};
    std::atomic<bool> halted_for_good_{false};
    Run_state first_state_ = Run_state::runnable; ///< as start() said
    std::optional<arch::Event> deferred_{};       ///< an interrupt that was on its way when an exception came between
    std::uint64_t shadow_at_ = ~std::uint64_t{0}; ///< rip where an exit found an interrupt shadow last
    std::atomic<std::uint64_t> stolen_{0};        ///< ticks
    Migration* migration_ = nullptr;              ///< while leave_asked, in_transit or arriving
    Halt_account halt_account_{};
    Ticks halted_at_{}; ///< 0: not since it ran last
    Ticks waiting_since_{};
    bool waiting_ = false;
};

} // namespace ovm::processor
