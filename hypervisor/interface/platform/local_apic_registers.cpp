#include "base/bits.hpp"
#include "interface/platform/local_apic.hpp"

namespace ovm::interface
{
namespace
{

// Register numbers: the offset over 16, which is also the x2APIC MSR less 800h (SDM volume 3, table 11-6).
constexpr unsigned identifier = 0x02;
constexpr unsigned version = 0x03;
constexpr unsigned task_priority_register = 0x08;
constexpr unsigned arbitration = 0x09;
constexpr unsigned processor_priority_register = 0x0a;
constexpr unsigned end_register = 0x0b;
constexpr unsigned logical_destination = 0x0d;
constexpr unsigned destination_format = 0x0e;
constexpr unsigned spurious = 0x0f;
constexpr unsigned service = 0x10;
constexpr unsigned trigger = 0x18;
constexpr unsigned requests = 0x20;
constexpr unsigned error_status = 0x28;
constexpr unsigned command_low = 0x30;
constexpr unsigned command_high = 0x31;
constexpr unsigned local_vector_table = 0x32;
constexpr unsigned local_vector_last = 0x37;
constexpr unsigned initial_count = 0x38;
constexpr unsigned current_count = 0x39;
constexpr unsigned divide_configuration = 0x3e;
constexpr unsigned self_interrupt = 0x3f;
constexpr unsigned first_unused = 0x40;

constexpr std::uint32_t masked = 1u << 16;
constexpr std::uint32_t error_send_vector = 1u << 5;
constexpr std::uint32_t error_illegal_register = 1u << 7;
constexpr std::uint64_t base_extended = 1u << 10;
constexpr std::uint64_t base_bootstrap = 1u << 8;

/// Bits that a guest may set in each entry of the local vector table.
constexpr std::array<std::uint32_t, 6> local_vector_bits{
    0x0007'00ff, // timer: vector, mask, mode
    0x0001'07ff, // thermal sensor
    0x0001'07ff, // performance counter
    0x0001'a7ff, // LINT0: polarity and trigger mode too
    0x0001'a7ff, // LINT1
    0x0001'00ff, // error
};

} // namespace

std::uint32_t Local_apic::read(unsigned index)
{
    if (index == version)
        return version_register;
    switch (index)
    {
    case identifier:
        return is_x2apic() ? id_ : id_ << 24;
    case task_priority_register:
        return task_priority();
    case arbitration:
        return arbitration_priority();
    case processor_priority_register:
        settle_lazy_end();
        return processor_priority();
    case logical_destination:
        return logical_id();
    case destination_format:
        return destination_format_.load(std::memory_order_relaxed);
    case spurious:
        return spurious_.load(std::memory_order_relaxed);
    case error_status:
        return shown_errors_;
    case command_low:
        return static_cast<std::uint32_t>(command_);
    case command_high:
        return static_cast<std::uint32_t>(command_ >> 32);
    case initial_count:
        return timer_.initial();
    case current_count:
        return timer_.current();
    case divide_configuration:
        return divide_;
    default:
        break;
    }
    if (index >= service && index < service + 8)
    {
        settle_lazy_end();
        return service_.part(index - service);
    }
    if (index >= trigger && index < trigger + 8)
        return levels_.part(index - trigger);
    if (index >= requests && index < requests + 8)
        return requests_.part(index - requests);
    if (index >= local_vector_table && index <= local_vector_last)
        return local_vectors_[index - local_vector_table].load(std::memory_order_relaxed);
    return 0;
}

void Local_apic::write(unsigned index, std::uint32_t value)
{
    switch (index)
    {
    case end_register:
        end_of_interrupt();
        return;
    case task_priority_register:
        write_task_priority(value);
        return;
    case logical_destination:
        logical_destination_.store(value & 0xff00'0000, std::memory_order_relaxed);
        return;
    case destination_format:
        destination_format_.store(value | 0x0fff'ffff, std::memory_order_relaxed);
        return;
    case spurious:
        write_spurious(value);
        return;
    case error_status:
        shown_errors_ = errors_.exchange(0);
        return;
    case command_low:
        command_ = with_field(command_, 0, 32, value & 0x000c'cfff);
        send(command_);
        return;
    case command_high:
        command_ = with_field(command_, 32, 32, value & 0xff00'0000);
        return;
    case initial_count:
        timer_.start(value);
        return;
    case divide_configuration:
        divide_ = value & 0x0b;
        timer_.set_divide(divide_);
        return;
    default:
        break;
    }
    if (index >= local_vector_table && index <= local_vector_last)
        write_local_vector(index - local_vector_table, value);
}

void Local_apic::write_local_vector(unsigned entry, std::uint32_t value)
{
    value &= local_vector_bits[entry];
    // While the APIC is disabled by software, every entry stays masked (APM volume 2, 16.4.7).
    if (!is_software_enabled())
        value |= masked;
    auto const before = local_vectors_[entry].exchange(value);
    if (entry == timer_entry)
        timer_.set_vector(value);
    if (entry == lint0_entry && (before & masked) && !(value & masked))
        notify_if_waiting();
}

void Local_apic::write_spurious(std::uint32_t value)
{
    value &= 0x1ff;
    spurious_.store(value, std::memory_order_relaxed);
    if (value & software_enabled)
        return;
    for (unsigned entry = 0; entry < local_vector_count; ++entry)
        local_vectors_[entry].fetch_or(masked);
    timer_.set_vector(local_vectors_[timer_entry].load(std::memory_order_relaxed));
}

void Local_apic::write_task_priority(std::uint32_t value)
{
    task_priority_.store(value & 0xff, std::memory_order_relaxed);
    if (client_ != nullptr)
        client_->set_task_priority(static_cast<std::uint8_t>((value & 0xff) >> 4));
    notify_if_waiting();
}

void Local_apic::send(std::uint64_t command)
{
    Apic_message message{
        .destination = static_cast<std::uint32_t>(is_x2apic() ? command >> 32 : command >> 56),
        .vector = static_cast<std::uint8_t>(command),
        .delivery = static_cast<Delivery>(field(command, 8, 3)),
        .logical = (command & bit(11)) != 0,
        .level = false,
    };
    bool const asserts = command & bit(14);
    switch (message.delivery)
    {
    case Delivery::fixed:
    case Delivery::lowest_priority:
        if (message.vector < 16)
        {
            report_error(error_send_vector);
            return;
        }
        break;
    case Delivery::init:
        if (!asserts && (command & bit(15)))
            return; // INIT level de-assert: only ever told the 82489DX its arbitration id
        break;
    case Delivery::nmi:
    case Delivery::startup:
        break;
    default:
        return; // no SMM; the rest is reserved
    }
    switch (field(command, 18, 2))
    {
    case 0:
        static_cast<void>(bus_.deliver(message));
        break;
    case 1:
        // To oneself only an ordinary interrupt makes sense (SDM volume 3, table 11-3).
        if (message.delivery == Delivery::fixed)
            static_cast<void>(accept_vector(message.vector, false));
        break;
    case 2:
        bus_.broadcast(message, nullptr);
        break;
    default:
        bus_.broadcast(message, this);
        break;
    }
}

std::uint32_t Local_apic::read_memory_register(std::uint64_t offset)
{
    // In x2APIC mode, or disabled, nothing answers at the page (SDM volume 3, 11.12.2).
    if ((base() & base_mode) != base_enabled)
        return ~std::uint32_t{0};
    auto const index = static_cast<unsigned>((offset & 0xfff) >> 4);
    // Only the first four bytes of each sixteen are there.
    return (offset & 0xc) == 0 ? read(index) : 0;
}

void Local_apic::write_memory_register(std::uint64_t offset, std::uint32_t value)
{
    if ((base() & base_mode) != base_enabled)
        return;
    auto const index = static_cast<unsigned>((offset & 0xfff) >> 4);
    if (offset & 0xf)
        return;
    if (index >= first_unused)
    {
        report_error(error_illegal_register);
        return;
    }
    write(index, value);
}

Result<std::uint64_t> Local_apic::read_msr(std::uint32_t msr)
{
    if (!is_x2apic())
        return Error::denied;
    auto const index = msr - first_msr;
    switch (index)
    {
    case version:
        return version_register;
    case identifier:
    case task_priority_register:
    case processor_priority_register:
    case logical_destination:
    case spurious:
    case error_status:
    case initial_count:
    case current_count:
    case divide_configuration:
        return read(index);
    case command_low:
        return command_;
    default:
        break;
    }
    if ((index >= service && index < error_status) || (index >= local_vector_table && index <= local_vector_last))
        return read(index);
    return Error::denied;
}

Result<> Local_apic::write_msr(std::uint32_t msr, std::uint64_t value)
{
    if (!is_x2apic())
        return Error::denied;
    auto const index = msr - first_msr;
    if (index == command_low)
    {
        if (value & 0xfff3'2000)
            return Error::denied;
        command_ = value & ~bit(12);
        send(command_);
        return {};
    }
    std::uint64_t allowed = 0;
    switch (index)
    {
    case end_register:
    case error_status:
        break;
    case task_priority_register:
        allowed = 0xff;
        break;
    case spurious:
        allowed = 0x1ff;
        break;
    case initial_count:
        allowed = 0xffff'ffff;
        break;
    case divide_configuration:
        allowed = 0x0b;
        break;
    case self_interrupt:
        allowed = 0xff;
        break;
    default:
        if (index < local_vector_table || index > local_vector_last)
            return Error::denied;
        // The read-only bits (delivery status, remote IRR) may be written back.
        allowed = local_vector_bits[index - local_vector_table] | 0x5000;
        break;
    }
    if (value & ~allowed)
        return Error::denied;
    if (index != self_interrupt)
        write(index, static_cast<std::uint32_t>(value));
    else if (value < 16)
        report_error(error_send_vector);
    else
        static_cast<void>(accept_vector(static_cast<std::uint8_t>(value), false));
    return {};
}

Result<> Local_apic::write_base(std::uint64_t value)
{
    // The page stays where it is: the guest's memory map has nothing else to offer.
    constexpr std::uint64_t changeable = base_mode | base_bootstrap;
    if ((value & ~changeable) != default_base)
        return Error::denied;
    auto const before = base();
    bool const enables = value & base_enabled;
    bool const extends = value & base_extended;
    bool const was_enabled = before & base_enabled;
    bool const was_extended = before & base_extended;
    // The legal steps (SDM volume 3, figure 11-27).
    if ((extends && !enables) || (extends && !was_enabled) || (was_extended && enables && !extends))
        return Error::denied;
    base_.store((value & base_mode) | default_base | (before & base_bootstrap), std::memory_order_relaxed);
    if (was_enabled && !enables)
        reset_registers();
    if (extends && !was_extended)
        command_ = 0;
    return {};
}

} // namespace ovm::interface
