#include "loader/signature/field.hpp"

namespace ovm::loader
{
namespace
{

using Wide = unsigned __int128;

constexpr Wide product(std::uint64_t left, std::uint64_t right)
{
    return static_cast<Wide>(left) * right;
}

} // namespace

Field Field::carried(Limbs limbs)
{
    auto& [l0, l1, l2, l3, l4] = limbs;
    l1 += l0 >> 51;
    l2 += l1 >> 51;
    l3 += l2 >> 51;
    l4 += l3 >> 51;
    Field result;
    // 2^255 is 19.
    result.limbs_ = {(l0 & limb_mask) + 19 * (l4 >> 51), l1 & limb_mask, l2 & limb_mask, l3 & limb_mask,
                     l4 & limb_mask};
    return result;
}

Field Field::operator+(const Field& other) const
{
    const auto& [a0, a1, a2, a3, a4] = limbs_;
    const auto& [b0, b1, b2, b3, b4] = other.limbs_;
    return carried({a0 + b0, a1 + b1, a2 + b2, a3 + b3, a4 + b4});
}

Field Field::operator-(const Field& other) const
{
    // 2p is added, each of whose limbs is more than any limb of a Field.
    constexpr std::uint64_t first = 2 * (limb_mask - 18);
    constexpr std::uint64_t rest = 2 * limb_mask;
    const auto& [a0, a1, a2, a3, a4] = limbs_;
    const auto& [b0, b1, b2, b3, b4] = other.limbs_;
    return carried({a0 + first - b0, a1 + rest - b1, a2 + rest - b2, a3 + rest - b3, a4 + rest - b4});
}

Field Field::operator*(const Field& other) const
{
    const auto [a0, a1, a2, a3, a4] = limbs_;
    const auto [b0, b1, b2, b3, b4] = other.limbs_;
    // What lies above 2^255 comes back 19-fold. No sum exceeds 77 * 2^103.
    const std::uint64_t c1 = 19 * b1;
    const std::uint64_t c2 = 19 * b2;
    const std::uint64_t c3 = 19 * b3;
    const std::uint64_t c4 = 19 * b4;
    const Wide r0 = product(a0, b0) + product(a1, c4) + product(a2, c3) + product(a3, c2) + product(a4, c1);
    const Wide r1 =
        product(a0, b1) + product(a1, b0) + product(a2, c4) + product(a3, c3) + product(a4, c2) + (r0 >> 51);
    const Wide r2 =
        product(a0, b2) + product(a1, b1) + product(a2, b0) + product(a3, c4) + product(a4, c3) + (r1 >> 51);
    const Wide r3 =
        product(a0, b3) + product(a1, b2) + product(a2, b1) + product(a3, b0) + product(a4, c4) + (r2 >> 51);
    const Wide r4 =
        product(a0, b4) + product(a1, b3) + product(a2, b2) + product(a3, b1) + product(a4, b0) + (r3 >> 51);
    const auto low = [](Wide value) { return static_cast<std::uint64_t>(value) & limb_mask; };
    return carried({low(r0) + 19 * static_cast<std::uint64_t>(r4 >> 51), low(r1), low(r2), low(r3), low(r4)});
}

Field& Field::operator*=(const Field& other)
{
    return *this = *this * other;
}

bool Field::operator==(const Field& other) const
{
    return (*this - other).is_zero();
}

Field::Limbs Field::canonical() const
{
    // Below 2^255 + 19 once carried: p is taken away at most once, which is to add 19 and to drop the bit 2^255.
    auto limbs = carried(limbs_).limbs_;
    std::uint64_t carry = 19;
    for (const std::uint64_t limb : limbs)
        carry = (limb + carry) >> 51;
    carry *= 19;
    for (std::uint64_t& limb : limbs)
    {
        limb += carry;
        carry = limb >> 51;
        limb &= limb_mask;
    }
    return limbs;
}

bool Field::is_zero() const
{
    return canonical() == Limbs{};
}

bool Field::is_odd() const
{
    return (canonical()[0] & 1) != 0;
}

bool Field::is_canonical() const
{
    return canonical() == limbs_;
}

} // namespace ovm::loader
