#pragma once

#include <cstdint>

#include "base/contract.hpp"
#include "base/strong.hpp"

namespace ovm::interface
{

/// A number of 64 integer and 64 fraction bits; multiplies without a division.
class Ratio
{
public:
    /// numerator / denominator, rounded up in its last bit; denominator > 0.
    constexpr Ratio(std::uint64_t numerator, std::uint64_t denominator)
    {
        OVM_REQUIRES_THAT(denominator != 0);
        whole_ = numerator / denominator;
        std::uint64_t rest = numerator % denominator;
        for (unsigned i = 0; i < 64; ++i)
        {
            bool const carries = rest >> 63;
            rest <<= 1;
            fraction_ <<= 1;
            if (carries || rest >= denominator)
            {
                rest -= denominator;
                fraction_ |= 1;
            }
        }
        if (rest != 0 && ++fraction_ == 0)
            ++whole_;
    }

    /// value times the ratio, rounded down; the greatest number where it does not fit.
    constexpr std::uint64_t of(std::uint64_t value) const
    {
        auto const product =
            static_cast<unsigned __int128>(value) * whole_ + (static_cast<unsigned __int128>(value) * fraction_ >> 64);
        return product >> 64 != 0 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(product);
    }

    constexpr bool is_whole() const { return fraction_ == 0; }

private:
    std::uint64_t whole_ = 0;
    std::uint64_t fraction_ = 0;
};

/// A device's frequency against the time-stamp counter's: every clock of a VM is derived from the one counter.
class Rate
{
public:
    constexpr Rate(std::uint64_t hertz, std::uint64_t ticks_per_second)
        : cycles_(hertz, ticks_per_second), ticks_(ticks_per_second, hertz), hertz_(hertz)
    {
    }

    constexpr std::uint64_t hertz() const { return hertz_; }

    /// How many cycles the device has made when the counter stands at `ticks`.
    constexpr std::uint64_t cycles(Ticks ticks) const { return cycles_.of(ticks.value()); }

    /// An instant at which the device has made `cycles` cycles: the first or, by rounding, the second.
    constexpr Ticks ticks(std::uint64_t cycles) const
    {
        // Both ratios are rounded up, so cycles(ticks(n)) >= n: a timer never rings before its time.
        auto const whole = ticks_.of(cycles);
        return Ticks(ticks_.is_whole() || whole == ~std::uint64_t{0} ? whole : whole + 1);
    }

private:
    Ratio cycles_;
    Ratio ticks_;
    std::uint64_t hertz_;
};

} // namespace ovm::interface
