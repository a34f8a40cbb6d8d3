#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace ovm::loader
{

/// An integer modulo p = 2^255 - 19, the field that Curve25519 lives in.
/// Invariant: five limbs of 51 bits, each below 2^51 + 2^10, so that sums and products fit without a look; the value
/// may
///            be p or a little more, which canonical() mends.
/// Nothing here takes the same time for all values: it only ever sees what is public.
class Field
{
public:
    using Words = std::array<std::uint64_t, 4>; ///< 256 bits, little-endian

    constexpr Field() = default;
    constexpr explicit Field(std::uint64_t small) : limbs_{small, 0, 0, 0, 0} {}
    /// The low 255 bits.
    constexpr explicit Field(const Words& words)
        : limbs_{words[0] & limb_mask, (words[0] >> 51 | words[1] << 13) & limb_mask,
                 (words[1] >> 38 | words[2] << 26) & limb_mask, (words[2] >> 25 | words[3] << 39) & limb_mask,
                 (words[3] >> 12) & limb_mask}
    {
    }

    Field operator+(const Field& other) const;
    Field operator-(const Field& other) const;
    Field operator*(const Field& other) const;
    Field& operator*=(const Field& other);
    bool operator==(const Field& other) const;

    bool is_zero() const;
    bool is_odd() const;
    /// Whether its limbs are those of the one number below p.
    bool is_canonical() const;

private:
    using Limbs = std::array<std::uint64_t, 5>;
    static constexpr std::uint64_t limb_mask = (std::uint64_t{1} << 51) - 1;

    /// Of limbs below 2^63.
    static Field carried(Limbs limbs);
    Limbs canonical() const;

    Limbs limbs_{};
};

} // namespace ovm::loader
