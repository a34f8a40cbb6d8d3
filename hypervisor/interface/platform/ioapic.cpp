#include "interface/platform/ioapic.hpp"

#include "base/bits.hpp"

namespace ovm::interface
{
namespace
{

// The window's registers (82093AA, 3.1).
constexpr std::uint64_t select_offset = 0x00;
constexpr std::uint64_t data_offset = 0x10;
constexpr std::uint64_t end_offset = 0x40;

// The indirect ones (82093AA, 3.2).
constexpr unsigned identification = 0x00;
constexpr unsigned version = 0x01;
constexpr unsigned arbitration = 0x02;
constexpr unsigned first_redirection = 0x10;
constexpr std::uint32_t version_value = 0x20 | (Ioapic::input_count - 1) << 16;

// A redirection entry (82093AA, 3.2.4).
constexpr std::uint64_t logical_mode = bit(11);
constexpr std::uint64_t remote_irr = bit(14);
constexpr std::uint64_t level_triggered = bit(15);
constexpr std::uint64_t masked = bit(16);
constexpr std::uint64_t read_only = bit(12) | remote_irr;
constexpr std::uint64_t writable = 0xff00'0000'0001'afffu;

} // namespace

void Ioapic::reset()
{
    Lock_guard const guard(lock_);
    redirections_.fill(masked);
    select_ = 0;
    id_ = first_id_;
}

std::uint32_t Ioapic::read(std::uint64_t offset)
{
    Lock_guard const guard(lock_);
    switch (offset)
    {
    case select_offset:
        return select_;
    case data_offset:
        return read_register_locked();
    default:
        return 0;
    }
}

void Ioapic::write(std::uint64_t offset, std::uint32_t value)
{
    bool changes = false;
    {
        Lock_guard const guard(lock_);
        changes = write_locked(offset, value);
    }
    if (changes && listener_ != nullptr)
        listener_->masks_changed();
}

/// True when a redirection entry was written.
bool Ioapic::write_locked(std::uint64_t offset, std::uint32_t value)
{
    switch (offset)
    {
    case select_offset:
        select_ = static_cast<std::uint8_t>(value);
        break;
    case data_offset:
        write_register_locked(value);
        return true;
    case end_offset:
        end_locked(static_cast<std::uint8_t>(value));
        break;
    default:
        break;
    }
    return false;
}

std::uint32_t Ioapic::read_register_locked() const
{
    switch (select_)
    {
    case identification:
    case arbitration:
        return std::uint32_t{id_} << 24;
    case version:
        return version_value;
    default:
        break;
    }
    auto const input = (select_ - first_redirection) / 2;
    if (select_ < first_redirection || input >= input_count)
        return 0;
    return static_cast<std::uint32_t>(redirections_[input] >> (select_ & 1 ? 32 : 0));
}

void Ioapic::write_register_locked(std::uint32_t value)
{
    if (select_ == identification)
        id_ = static_cast<std::uint8_t>((value >> 24) & 0xf);
    auto const input = (select_ - first_redirection) / 2;
    if (select_ < first_redirection || input >= input_count)
        return;
    auto& entry = redirections_[input];
    auto const kept = entry & read_only;
    entry = with_field(entry, select_ & 1 ? 32 : 0, 32, value);
    entry = (entry & writable) | kept;
    // Linux ends an interrupt on old controllers by a turn through edge mode: it clears remote IRR.
    if (!(entry & level_triggered))
        entry &= ~remote_irr;
    serve_level_locked(input);
}

Acceptance Ioapic::set_input(unsigned input, bool level)
{
    if (input >= input_count)
        return Acceptance::nobody;
    Lock_guard const guard(lock_);
    auto const line = 1u << input;
    bool const rises = level && !(inputs_ & line);
    inputs_ = level ? inputs_ | line : inputs_ & ~line;
    if (redirections_[input] & level_triggered)
    {
        serve_level_locked(input);
        return Acceptance::taken;
    }
    if (!rises || (redirections_[input] & masked))
        return Acceptance::nobody; // an edge that meets a masked entry is lost (82093AA, 3.2.4)
    return deliver_locked(input);
}

void Ioapic::serve_level_locked(unsigned input)
{
    auto& entry = redirections_[input];
    if ((entry & (level_triggered | masked | remote_irr)) != level_triggered || !((inputs_ >> input) & 1))
        return;
    // Only what was taken, and will meet an end of interrupt, has a remote IRR. Else the next change tries again.
    auto const delivery = static_cast<Delivery>(field(entry, 8, 3));
    bool const ends = delivery == Delivery::fixed || delivery == Delivery::lowest_priority;
    if (deliver_locked(input) != Acceptance::nobody && ends)
        entry |= remote_irr;
}

Acceptance Ioapic::deliver_locked(unsigned input)
{
    auto const entry = redirections_[input];
    auto const delivery = static_cast<Delivery>(field(entry, 8, 3));
    if (delivery == Delivery::startup || delivery == Delivery::external)
        return Acceptance::nobody;
    return bus_.deliver({
        .destination = static_cast<std::uint32_t>(entry >> 56),
        .vector = static_cast<std::uint8_t>(entry),
        .delivery = delivery,
        .logical = (entry & logical_mode) != 0,
        .level = (entry & level_triggered) != 0,
    });
}

void Ioapic::end_of_interrupt(std::uint8_t vector)
{
    Lock_guard const guard(lock_);
    end_locked(vector);
}

void Ioapic::end_locked(std::uint8_t vector)
{
    for (unsigned input = 0; input < input_count; ++input)
    {
        auto& entry = redirections_[input];
        if ((entry & 0xff) != vector || !(entry & remote_irr))
            continue;
        entry &= ~remote_irr;
        serve_level_locked(input);
    }
}

} // namespace ovm::interface
