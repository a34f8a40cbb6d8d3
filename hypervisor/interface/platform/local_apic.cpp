#include "interface/platform/local_apic.hpp"

#include <algorithm>

#include "base/bits.hpp"

namespace ovm::interface
{

// Delivery, priorities and events; the registers are in local_apic_registers.cpp.

namespace
{

constexpr std::uint32_t masked = 1u << 16;
constexpr std::uint32_t error_receive_vector = 1u << 6;
constexpr std::uint64_t base_bootstrap = 1u << 8;
constexpr std::uint8_t first_vector = 16;

constexpr Delivery delivery_of(std::uint32_t entry)
{
    return static_cast<Delivery>((entry >> 8) & 7);
}

constexpr std::uint8_t class_of(std::uint8_t vector)
{
    return vector & 0xf0;
}

} // namespace

using processor::Pending_interrupt;

Local_apic::Local_apic(std::uint32_t id, Apic_bus& bus, Platform_clock clock, const Guest_time& time)
    : id_(id), bus_(bus), base_(0), timer_(clock, time, *this)
{
    reset();
}

void Local_apic::reset()
{
    base_.store(default_base | base_enabled | (id_ == 0 ? base_bootstrap : 0), std::memory_order_relaxed);
    events_.store(0);
    reset_registers();
}

bool Local_apic::take_init()
{
    if (!take(event_init))
        return false;
    static_cast<void>(take(event_nmi));
    reset_registers();
    return true;
}

void Local_apic::reset_registers()
{
    lazy_offered_ = false; // what was offered lies in memory that may have another use by now: left as it is
    timer_.reset();
    requests_.clear();
    service_.clear();
    levels_.clear();
    spurious_.store(0xff, std::memory_order_relaxed);
    logical_destination_.store(0, std::memory_order_relaxed);
    destination_format_.store(~std::uint32_t{0}, std::memory_order_relaxed);
    task_priority_.store(0, std::memory_order_relaxed);
    if (client_ != nullptr)
        client_->set_task_priority(0);
    errors_.store(0, std::memory_order_relaxed);
    shown_errors_ = 0;
    command_ = 0;
    divide_ = 0;
    for (auto& entry : local_vectors_)
        entry.store(masked, std::memory_order_relaxed);
    // The first vcpu's LINT0 carries the 8259A from power-on, as firmware leaves it (virtual wire mode).
    if (id_ == 0)
        local_vectors_[lint0_entry].store(static_cast<std::uint32_t>(Delivery::external) << 8,
                                          std::memory_order_relaxed);
}

std::uint32_t Local_apic::logical_id() const
{
    return is_x2apic() ? ((id_ >> 4) << 16) | (1u << (id_ & 15)) : logical_destination_.load(std::memory_order_relaxed);
}

bool Local_apic::is_addressed(std::uint32_t destination, bool logical) const
{
    auto const mine = logical_id();
    if (is_x2apic())
    {
        if (destination == ~std::uint32_t{0} || (!logical && destination == 0xff))
            return true;
        if (!logical)
            return destination == id_;
        return destination >> 16 == mine >> 16 && (destination & mine & 0xffff) != 0;
    }
    if (!logical)
        return destination == id_ || destination == 0xff || destination == ~std::uint32_t{0};
    auto const target = destination & 0xff;
    auto const own = mine >> 24;
    if (destination_format_.load(std::memory_order_relaxed) >> 28 == 0xf)
        return (target & own) != 0; // flat
    if (destination_format_.load(std::memory_order_relaxed) >> 28 != 0)
        return false;
    return (target >> 4 == 0xf || target >> 4 == own >> 4) && (target & own & 0xf) != 0; // cluster
}

Acceptance Local_apic::accept(const Apic_message& message)
{
    if (!is_enabled() && message.delivery != Delivery::init && message.delivery != Delivery::startup)
        return Acceptance::nobody;
    switch (message.delivery)
    {
    case Delivery::fixed:
    case Delivery::lowest_priority:
        return accept_vector(message.vector, message.level);
    case Delivery::nmi:
        raise(event_nmi);
        return Acceptance::taken;
    case Delivery::init:
        events_.fetch_and(~event_startup); // a start-up message counts only after the last INIT
        raise(event_init);
        return Acceptance::taken;
    case Delivery::startup:
        // The last one before the vcpu looks is the one that counts.
        events_.fetch_and(~std::uint32_t{0xff00});
        raise(event_startup | std::uint32_t{message.vector} << 8);
        return Acceptance::taken;
    default:
        return Acceptance::nobody;
    }
}

Acceptance Local_apic::accept_vector(std::uint8_t vector, bool level)
{
    if (vector < first_vector)
    {
        report_error(error_receive_vector);
        return Acceptance::nobody;
    }
    if (!is_software_enabled())
        return Acceptance::nobody;
    if (level)
        levels_.insert(vector);
    else if (levels_.contains(vector))
        levels_.erase(vector);
    if (!requests_.insert(vector))
        return Acceptance::waiting;
    notify();
    return Acceptance::taken;
}

void Local_apic::report_error(std::uint32_t error)
{
    errors_.fetch_or(error);
    auto const entry = local_vectors_[error_entry].load(std::memory_order_relaxed);
    auto const vector = static_cast<std::uint8_t>(entry);
    if ((entry & masked) || vector < first_vector || !is_software_enabled())
        return;
    if (requests_.insert(vector))
        notify();
}

void Local_apic::raise(std::uint32_t event)
{
    events_.fetch_or(event);
    notify();
}

bool Local_apic::take(std::uint32_t event)
{
    return has(event) && (events_.fetch_and(~event) & event) != 0;
}

std::optional<std::uint8_t> Local_apic::take_startup()
{
    if (!has(event_startup))
        return {};
    auto const events = events_.fetch_and(~(event_startup | 0xff00));
    return static_cast<std::uint8_t>(events >> 8);
}

void Local_apic::set_local_input(unsigned input, bool level)
{
    auto const line = 1u << (input & 1);
    auto const before = level ? local_inputs_.fetch_or(line) : local_inputs_.fetch_and(~line);
    bool const rises = level && (before & line) == 0;
    auto const entry = local_vectors_[lint0_entry + (input & 1)].load(std::memory_order_relaxed);
    if (!rises || ((entry & masked) && is_enabled()))
        return;
    if (!is_enabled() || delivery_of(entry) == Delivery::external)
        notify(); // a level: pending_vector() looks at it
    else if (delivery_of(entry) == Delivery::fixed)
        static_cast<void>(accept_vector(static_cast<std::uint8_t>(entry), false));
    else if (delivery_of(entry) == Delivery::nmi)
        raise(event_nmi);
    else if (delivery_of(entry) == Delivery::init)
        raise(event_init);
}

bool Local_apic::external_waits() const
{
    if (external_ == nullptr || (local_inputs_.load(std::memory_order_acquire) & 1) == 0)
        return false;
    auto const entry = local_vectors_[lint0_entry].load(std::memory_order_relaxed);
    // Without its APIC a processor has its INTR pin (APM volume 2, 16.3.1).
    if (is_enabled() && ((entry & masked) || delivery_of(entry) != Delivery::external))
        return false;
    return external_->asserts();
}

std::optional<Pending_interrupt> Local_apic::pending_interrupt()
{
    if (external_waits())
        return Pending_interrupt{.vector = 0, .external = true};
    if (requests_.empty() || !is_enabled())
        return {};
    settle_lazy_end();
    auto const highest = requests_.highest();
    auto const serving = service_.highest();
    if (!highest || (serving && class_of(*highest) <= class_of(*serving)))
        return {};
    return Pending_interrupt{.vector = *highest, .external = false};
}

std::uint8_t Local_apic::acknowledge(Pending_interrupt interrupt)
{
    if (interrupt.external && external_ != nullptr)
        return external_->acknowledge();
    auto const vector = interrupt.vector;
    bool const alone = service_.empty();
    requests_.erase(vector);
    service_.insert(vector);
    // A lazy end is offered only where nobody needs to hear of it: no remote IRR, nothing else waiting.
    if (lazy_end_ != nullptr && alone && !levels_.contains(vector) && requests_.empty())
        lazy_offered_ = lazy_end_->offer();
    return vector;
}

void Local_apic::notify()
{
    if (client_ != nullptr)
        client_->notify();
}

void Local_apic::notify_if_waiting()
{
    if (!requests_.empty() || external_waits())
        notify();
}

void Local_apic::settle_lazy_end()
{
    if (!lazy_offered_)
        return;
    lazy_offered_ = false;
    if (!lazy_end_->withdraw())
        return;
    if (auto const vector = service_.highest())
        finish(*vector);
}

void Local_apic::finish(std::uint8_t vector)
{
    service_.erase(vector);
    if (levels_.contains(vector))
        bus_.end_of_interrupt(vector);
}

void Local_apic::end_of_interrupt()
{
    settle_lazy_end();
    auto const vector = service_.highest();
    if (!vector)
        return;
    finish(*vector);
    notify_if_waiting();
}

std::uint8_t Local_apic::task_priority() const
{
    auto const cr8 = client_ != nullptr ? client_->task_priority() : std::uint8_t{0};
    auto const upper = static_cast<std::uint8_t>(cr8 << 4);
    auto const written = static_cast<std::uint8_t>(task_priority_.load(std::memory_order_relaxed));
    // A write to CR8 clears the lower half (APM volume 2, 16.6.4).
    return (written & 0xf0) == upper ? written : upper;
}

std::uint8_t Local_apic::processor_priority() const
{
    auto const task = task_priority();
    auto const serving = class_of(service_.highest().value_or(0));
    return class_of(task) >= serving ? task : serving;
}

std::uint8_t Local_apic::arbitration_priority() const
{
    // From another core: CR8 cannot be asked, so the last written priority stands for it.
    auto const task = static_cast<std::uint8_t>(task_priority_.load(std::memory_order_relaxed));
    return std::max(class_of(task), class_of(service_.highest().value_or(0)));
}

} // namespace ovm::interface
