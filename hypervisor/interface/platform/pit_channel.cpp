#include "interface/platform/pit.hpp"

#include <algorithm>

namespace ovm::interface
{
namespace
{

/// Four decimal digits; a digit above nine counts as nine.
constexpr std::uint16_t from_bcd(std::uint16_t digits)
{
    std::uint16_t value = 0;
    for (unsigned shift = 16; shift != 0;)
    {
        shift -= 4;
        value = static_cast<std::uint16_t>(value * 10 + std::min((digits >> shift) & 0xf, 9));
    }
    return value;
}

constexpr std::uint16_t to_bcd(std::uint16_t value)
{
    std::uint16_t digits = 0;
    for (unsigned shift = 0; shift < 16; shift += 4)
    {
        digits |= static_cast<std::uint16_t>(value % 10 << shift);
        value /= 10;
    }
    return digits;
}

} // namespace

bool Pit_channel::control(std::uint8_t command, std::uint64_t now)
{
    auto const access = static_cast<Access>((command >> 4) & 3);
    if (access == Access::latch)
    {
        latch_count(now);
        return false;
    }
    access_ = access;
    auto const mode = static_cast<unsigned>(command >> 1) & 7;
    mode_ = mode >= 6 ? mode - 4 : mode; // bit 2 of modes 2 and 3 does not count
    bcd_ = command & 1;
    loaded_ = false;
    triggered_ = false;
    frozen_ = false;
    writes_high_ = false;
    reads_high_ = false;
    latched_bytes_ = 0;
    status_latched_ = false;
    return true;
}

bool Pit_channel::write(std::uint8_t value, std::uint64_t now)
{
    if (access_ == Access::high)
        return load(static_cast<std::uint16_t>(value << 8), now);
    if (access_ != Access::both)
        return load(value, now);
    writes_high_ = !writes_high_;
    if (!writes_high_)
        return load(static_cast<std::uint16_t>(low_byte_ | value << 8), now);
    low_byte_ = value;
    return false;
}

bool Pit_channel::load(std::uint16_t value, std::uint64_t now)
{
    std::uint64_t const number = bcd_ ? from_bcd(value) : value;
    period_ = number != 0 ? number : (bcd_ ? 10000u : 65536u);
    // A count of 1 is illegal in modes 2 and 3 (8254, table 5): count as if it were 2.
    if (is_periodic())
        period_ = std::max<std::uint64_t>(period_, 2);
    bool const waits = waits_for_trigger();
    if (waits && loaded_)
        return false; // takes effect at the next trigger
    loaded_ = true;
    triggered_ = !waits;
    begun_ = now;
    frozen_ = !gate_ && !waits;
    frozen_at_ = 0;
    return true;
}

void Pit_channel::set_gate(bool level, std::uint64_t now)
{
    bool const rises = level && !gate_;
    bool const falls = !level && gate_;
    gate_ = level;
    if (rises && (waits_for_trigger() || is_periodic()))
    {
        triggered_ = loaded_;
        begun_ = now;
        frozen_ = false;
        return;
    }
    if (waits_for_trigger() || !loaded_)
        return;
    if (falls && !frozen_)
    {
        frozen_at_ = elapsed(now);
        frozen_ = true;
    }
    else if (rises && frozen_)
    {
        begun_ = now - frozen_at_;
        frozen_ = false;
    }
}

std::uint16_t Pit_channel::count(std::uint64_t now) const
{
    if (!loaded_ || !triggered_)
        return bcd_ ? to_bcd(static_cast<std::uint16_t>(period_ % 10000)) : static_cast<std::uint16_t>(period_);
    auto const passed = elapsed(now);
    std::uint64_t const turn = bcd_ ? 10000 : 65536;
    std::uint64_t value = 0;
    if (mode_ == 2)
        value = period_ - passed % period_;
    else if (mode_ == 3)
        value = (period_ & ~std::uint64_t{1}) - passed * 2 % (period_ & ~std::uint64_t{1});
    else
        value = period_ + turn - passed % turn; // goes on below zero
    value %= turn;
    return bcd_ ? to_bcd(static_cast<std::uint16_t>(value)) : static_cast<std::uint16_t>(value);
}

bool Pit_channel::output(std::uint64_t now) const
{
    if (!loaded_ || !triggered_)
        return mode_ != 0;
    auto const passed = elapsed(now);
    switch (mode_)
    {
    case 0:
    case 1:
        return passed >= period_;
    case 2:
        return frozen_ || passed % period_ != period_ - 1;
    case 3:
        return frozen_ || passed % period_ < (period_ + 1) / 2;
    default:
        return passed != period_;
    }
}

void Pit_channel::latch_count(std::uint64_t now)
{
    if (latched_bytes_ != 0)
        return; // the first one holds until it is read
    latched_count_ = count(now);
    latched_bytes_ = access_ == Access::both ? 2 : 1;
}

void Pit_channel::latch_status(std::uint64_t now)
{
    if (status_latched_)
        return;
    latched_status_ = static_cast<std::uint8_t>((output(now) ? 0x80 : 0) | (loaded_ ? 0 : 0x40) |
                                                static_cast<unsigned>(access_) << 4 | mode_ << 1 | (bcd_ ? 1 : 0));
    status_latched_ = true;
}

std::uint8_t Pit_channel::read(std::uint64_t now)
{
    if (status_latched_)
    {
        status_latched_ = false;
        return latched_status_;
    }
    auto const value = latched_bytes_ != 0 ? latched_count_ : count(now);
    if (latched_bytes_ != 0)
        --latched_bytes_;
    bool const high = access_ == Access::high || (access_ == Access::both && reads_high_);
    if (access_ == Access::both)
        reads_high_ = !reads_high_;
    return static_cast<std::uint8_t>(high ? value >> 8 : value);
}

} // namespace ovm::interface
