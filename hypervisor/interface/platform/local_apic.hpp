#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "base/result.hpp"
#include "interface/platform/apic_bus.hpp"
#include "interface/platform/apic_timer.hpp"
#include "interface/platform/vector_set.hpp"
#include "processor/seams.hpp"

namespace ovm::interface
{

/// What a local APIC asks of its vcpu.
class Apic_client
{
public:
    /// An event is pending: asks the APIC before it enters the guest again. From any core.
    virtual void notify() = 0;
    /// CR8, which the guest may change without an exit. Only while the vcpu is out of its guest, on its core.
    virtual std::uint8_t task_priority() const = 0;
    virtual void set_task_priority(std::uint8_t priority) = 0;

protected:
    ~Apic_client() = default;
};

/// A word in guest memory through which the guest ends an interrupt without an exit (KVM's PV EOI).
class Lazy_end
{
public:
    /// Offers it for the interrupt just delivered; false when the guest did not ask for it.
    virtual bool offer() = 0;
    /// Takes the offer back; true when the guest had used it.
    virtual bool withdraw() = 0;

protected:
    ~Lazy_end() = default;
};

/// One vcpu's local APIC, with xAPIC and x2APIC registers (APM volume 2, chapter 16; SDM volume 3, chapter 11).
/// Invariant:   irr_ and isr_ hold no vector below 16; in x2APIC mode id and logical id follow from id().
/// Concurrency: registers are touched by the owning vcpu alone. accept(), set_local_input(), is_addressed() and
///              arbitration_priority() are lock-free and for any core.
/// Failure:     a wrong MSR access answers Error::denied (#GP); a wrong MMIO access sets the error register.
class Local_apic final : public processor::Interrupt_port, private Tick_sink
{
public:
    static constexpr std::uint64_t default_base = 0xfee0'0000;
    static constexpr std::uint32_t version_register = 0x0005'0014; ///< 6 local vectors, version 14h
    static constexpr std::uint32_t first_msr = 0x800;
    static constexpr std::uint32_t msr_count = 0x40;

    Local_apic(std::uint32_t id, Apic_bus& bus, Platform_clock clock, const Guest_time& time);

    std::uint32_t id() const { return id_; }
    /// Its vcpu; who sits behind LINT0 (of the first one); the lazy end of interrupt. Before the vcpu runs.
    void connect(Apic_client& client) { client_ = &client; }
    void connect(External_interrupts& external) { external_ = &external; }
    void connect(Lazy_end& lazy_end) { lazy_end_ = &lazy_end; }

    /// Before its vcpu goes away, and after it has stopped: tells it nothing more.
    void disconnect()
    {
        timer_.stop();
        client_ = nullptr;
    }

    /// Power-on. INIT, which take_init() answers, leaves base and mode alone (SDM volume 3, 11.4.7.3).
    void reset();

    // ---- registers: the owning vcpu ----
    std::uint32_t read_memory_register(std::uint64_t offset);
    void write_memory_register(std::uint64_t offset, std::uint32_t value);
    Result<std::uint64_t> read_msr(std::uint32_t msr);
    Result<> write_msr(std::uint32_t msr, std::uint64_t value);
    std::uint64_t base() const { return base_.load(std::memory_order_relaxed); }
    Result<> write_base(std::uint64_t value);
    std::uint64_t deadline() const { return timer_.deadline(); }
    void set_deadline(std::uint64_t guest_ticks) { timer_.set_deadline(guest_ticks); }
    void time_changed() { timer_.time_changed(); }
    /// The offer of a lazy end, if one is open, ends here: before the guest moves the word that it is in.
    void settle_lazy_end();

    bool is_enabled() const { return base() & base_enabled; }
    bool is_x2apic() const { return (base() & base_mode) == base_mode; }
    bool is_software_enabled() const { return spurious_.load(std::memory_order_relaxed) & software_enabled; }

    // ---- events: the owning vcpu, before it enters its guest ----
    std::optional<processor::Pending_interrupt> pending_interrupt() override;
    std::uint8_t acknowledge(processor::Pending_interrupt interrupt) override;
    bool nmi_pending() override { return has(event_nmi); }
    void acknowledge_nmi() override { static_cast<void>(take(event_nmi)); }
    bool take_init() override;
    std::optional<std::uint8_t> take_startup() override;

    // ---- from any core ----
    Acceptance accept(const Apic_message& message);
    bool is_addressed(std::uint32_t destination, bool logical) const;
    std::uint8_t arbitration_priority() const;
    /// LINT0 or LINT1.
    void set_local_input(unsigned input, bool level);

private:
    static constexpr std::uint64_t base_enabled = 1u << 11;
    static constexpr std::uint64_t base_mode = 3u << 10;
    static constexpr std::uint32_t software_enabled = 0x100;
    static constexpr std::uint32_t event_nmi = 1u << 0;
    static constexpr std::uint32_t event_init = 1u << 1;
    static constexpr std::uint32_t event_startup = 1u << 2; ///< the vector in bits 15:8

    /// The local vector table, in the order of its registers from 320h on.
    enum Local_vector : unsigned
    {
        timer_entry,
        thermal_entry,
        performance_entry,
        lint0_entry,
        lint1_entry,
        error_entry,
        local_vector_count
    };

    Acceptance tick(unsigned vector) override { return accept_vector(static_cast<std::uint8_t>(vector), false); }

    std::uint32_t read(unsigned index);
    void write(unsigned index, std::uint32_t value);
    void write_local_vector(unsigned entry, std::uint32_t value);
    void write_spurious(std::uint32_t value);
    void write_task_priority(std::uint32_t value);
    std::uint8_t task_priority() const;
    std::uint8_t processor_priority() const;
    void send(std::uint64_t command);
    void end_of_interrupt();
    void finish(std::uint8_t vector);
    void notify();
    void notify_if_waiting();
    bool external_waits() const;
    Acceptance accept_vector(std::uint8_t vector, bool level);
    void raise(std::uint32_t event);
    bool take(std::uint32_t event);
    bool has(std::uint32_t event) const { return events_.load(std::memory_order_acquire) & event; }
    void report_error(std::uint32_t error);
    void reset_registers();
    std::uint32_t logical_id() const;

    std::uint32_t id_;
    Apic_bus& bus_;
    Apic_client* client_ = nullptr;
    External_interrupts* external_ = nullptr;
    Lazy_end* lazy_end_ = nullptr;

    Vector_set requests_{}; ///< IRR
    Vector_set service_{};  ///< ISR
    Vector_set levels_{};   ///< TMR
    std::atomic<std::uint32_t> events_{0};
    std::atomic<std::uint64_t> base_;
    std::atomic<std::uint32_t> spurious_{0xff};
    std::atomic<std::uint32_t> logical_destination_{0};
    std::atomic<std::uint32_t> destination_format_{~std::uint32_t{0}};
    std::atomic<std::uint32_t> task_priority_{0}; ///< as last written; CR8 has the upper half of the truth
    std::atomic<std::uint32_t> errors_{0};        ///< not yet shown
    std::atomic<std::uint32_t> local_inputs_{0};  ///< levels of LINT0 and LINT1
    std::array<std::atomic<std::uint32_t>, local_vector_count> local_vectors_{};
    std::uint32_t shown_errors_ = 0;
    std::uint64_t command_ = 0;
    std::uint32_t divide_ = 0;
    bool lazy_offered_ = false;
    Apic_timer timer_;
};

} // namespace ovm::interface
