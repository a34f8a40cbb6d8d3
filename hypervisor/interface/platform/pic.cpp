#include "interface/platform/pic.hpp"

#include <bit>

namespace ovm::interface
{
namespace
{

constexpr std::uint8_t bit_of(unsigned input)
{
    return static_cast<std::uint8_t>(1u << (input & 7));
}

} // namespace

void Pic_chip::reset()
{
    auto const inputs = inputs_;
    *this = Pic_chip(level_capable_);
    inputs_ = inputs;
}

std::optional<unsigned> Pic_chip::first_of(std::uint8_t inputs) const
{
    if (inputs == 0)
        return {};
    auto const rotated = std::rotr(inputs, static_cast<int>((lowest_ + 1) & 7));
    return input_at(static_cast<unsigned>(std::countr_zero(rotated)));
}

Acceptance Pic_chip::set_input(unsigned input, bool level)
{
    auto const line = bit_of(input);
    bool const was = inputs_ & line;
    inputs_ = static_cast<std::uint8_t>(level ? inputs_ | line : inputs_ & ~line);
    if (edge_level_ & line)
    {
        requests_ = static_cast<std::uint8_t>(level ? requests_ | line : requests_ & ~line);
        return Acceptance::taken;
    }
    if (!level || was)
        return Acceptance::nobody;
    bool const waits = requests_ & line;
    requests_ |= line;
    if (!initialised_ || (mask_ & line))
        return Acceptance::nobody;
    return waits ? Acceptance::waiting : Acceptance::taken;
}

std::optional<unsigned> Pic_chip::request() const
{
    if (!initialised_)
        return {};
    auto const asking = first_of(requests_ & static_cast<std::uint8_t>(~mask_));
    if (!asking)
        return {};
    // In special mask mode, what is in service and masked does not hold back others.
    auto serving = service_;
    if (special_mask_)
        serving &= static_cast<std::uint8_t>(~mask_);
    auto const served = first_of(serving);
    if (!served)
        return asking;
    if (special_mask_)
        return *served == *asking ? std::nullopt : asking;
    if (rank_of(*asking) < rank_of(*served))
        return asking;
    // A master in special fully nested mode lets its slave ask again while it is served.
    if (special_fully_nested_ && *asking == *served && *asking == 2)
        return asking;
    return {};
}

std::uint8_t Pic_chip::acknowledge(std::optional<unsigned> input)
{
    if (!input)
        return base_ | 7;
    auto const line = bit_of(*input);
    if (!(edge_level_ & line))
        requests_ &= static_cast<std::uint8_t>(~line);
    if (!automatic_end_)
        service_ |= line;
    else if (rotate_on_automatic_end_)
        lowest_ = *input;
    return static_cast<std::uint8_t>(base_ | *input);
}

void Pic_chip::write_icw1(std::uint8_t value)
{
    needs_icw4_ = value & 0x01;
    single_ = value & 0x02;
    // The edge sense is reset: an input that is high must fall and rise again.
    requests_ &= edge_level_;
    service_ = 0;
    mask_ = 0;
    lowest_ = 7;
    automatic_end_ = false;
    rotate_on_automatic_end_ = false;
    special_mask_ = false;
    special_fully_nested_ = false;
    read_service_ = false;
    poll_ = false;
    initialised_ = false;
    expects_ = Expects::icw2;
}

void Pic_chip::end_of_interrupt(std::uint8_t command)
{
    auto const named = static_cast<unsigned>(command & 7);
    switch (command >> 5)
    {
    case 0:
        rotate_on_automatic_end_ = false;
        break;
    case 4:
        rotate_on_automatic_end_ = true;
        break;
    case 1: // non-specific
    case 5: // and rotate
    {
        auto const candidates = special_mask_ ? static_cast<std::uint8_t>(service_ & ~mask_) : service_;
        if (auto const served = first_of(candidates))
        {
            service_ &= static_cast<std::uint8_t>(~bit_of(*served));
            if (command >> 5 == 5)
                lowest_ = *served;
        }
        break;
    }
    case 3: // specific
    case 7: // and rotate
        service_ &= static_cast<std::uint8_t>(~bit_of(named));
        if (command >> 5 == 7)
            lowest_ = named;
        break;
    case 6:
        lowest_ = named;
        break;
    default:
        break; // 2: no operation
    }
}

void Pic_chip::write_command(std::uint8_t value)
{
    if (value & 0x10)
    {
        write_icw1(value);
    }
    else if (value & 0x08)
    {
        // OCW3
        if (value & 0x04)
            poll_ = true;
        if (value & 0x02)
            read_service_ = value & 0x01;
        if (value & 0x40)
            special_mask_ = value & 0x20;
    }
    else
    {
        end_of_interrupt(value);
    }
}

void Pic_chip::write_data(std::uint8_t value)
{
    switch (expects_)
    {
    case Expects::operation:
        mask_ = value;
        return;
    case Expects::icw2:
        base_ = value & 0xf8;
        expects_ = single_ ? (needs_icw4_ ? Expects::icw4 : Expects::operation) : Expects::icw3;
        break;
    case Expects::icw3: // the wiring is what it is
        expects_ = needs_icw4_ ? Expects::icw4 : Expects::operation;
        break;
    case Expects::icw4:
        automatic_end_ = value & 0x02;
        special_fully_nested_ = value & 0x10;
        expects_ = Expects::operation;
        break;
    }
    if (expects_ == Expects::operation)
        initialised_ = true;
}

std::uint8_t Pic_chip::read_command()
{
    if (poll_)
    {
        poll_ = false;
        auto const input = request();
        if (!input)
            return 0;
        static_cast<void>(acknowledge(input));
        return static_cast<std::uint8_t>(0x80 | *input);
    }
    return read_service_ ? service_ : requests_;
}

void Pic::reset()
{
    Lock_guard const guard(lock_);
    master_.reset();
    slave_.reset();
    update_locked();
}

std::uint8_t Pic::read_byte(std::uint16_t port)
{
    Lock_guard const guard(lock_);
    std::uint8_t value = 0xff;
    switch (port)
    {
    case master_port:
        value = master_.read_command();
        break;
    case master_port + 1:
        value = master_.read_data();
        break;
    case slave_port:
        value = slave_.read_command();
        break;
    case slave_port + 1:
        value = slave_.read_data();
        break;
    case edge_level_port:
        value = master_.edge_level();
        break;
    case edge_level_port + 1:
        value = slave_.edge_level();
        break;
    default:
        break;
    }
    update_locked(); // a poll acknowledges
    return value;
}

void Pic::write_byte(std::uint16_t port, std::uint8_t value)
{
    {
        Lock_guard const guard(lock_);
        write_locked(port, value);
    }
    // Masks, and the words of an initialisation; not each end of an interrupt.
    if (listener_ != nullptr && ((port & 1) != 0 || (value & 0x10) != 0))
        listener_->masks_changed();
}

void Pic::write_locked(std::uint16_t port, std::uint8_t value)
{
    switch (port)
    {
    case master_port:
        master_.write_command(value);
        break;
    case master_port + 1:
        master_.write_data(value);
        break;
    case slave_port:
        slave_.write_command(value);
        break;
    case slave_port + 1:
        slave_.write_data(value);
        break;
    case edge_level_port:
        master_.write_edge_level(value);
        break;
    case edge_level_port + 1:
        slave_.write_edge_level(value);
        break;
    default:
        break;
    }
    update_locked();
}

Acceptance Pic::set_input(unsigned input, bool level)
{
    if (input >= 16 || input == cascade_input)
        return Acceptance::nobody;
    Lock_guard const guard(lock_);
    auto& chip = input < 8 ? master_ : slave_;
    auto const result = chip.set_input(input & 7, level);
    update_locked();
    return result;
}

void Pic::update_locked()
{
    // The slave's INT is a level of its own: falling and rising again makes the master's edge.
    bool const slave = slave_.request().has_value();
    static_cast<void>(master_.set_input(cascade_input, slave));
    if (!slave)
        master_.withdraw(cascade_input);
    bool const asserts = master_.request().has_value();
    if (asserts == asserted_)
        return;
    asserted_ = asserts;
    output_.set(asserts);
}

bool Pic::asserts() const
{
    Lock_guard const guard(lock_);
    return asserted_;
}

std::uint8_t Pic::acknowledge()
{
    Lock_guard const guard(lock_);
    auto const input = master_.request();
    auto vector = master_.acknowledge(input);
    if (input == cascade_input)
    {
        vector = slave_.acknowledge(slave_.request());
        // The slave may ask for another at once.
        static_cast<void>(master_.set_input(cascade_input, false));
    }
    update_locked();
    return vector;
}

} // namespace ovm::interface
