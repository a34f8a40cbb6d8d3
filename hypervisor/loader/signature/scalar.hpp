#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace ovm::loader
{

/// An integer modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point.
/// Invariant: below L.
class Scalar
{
public:
    using Words = std::array<std::uint64_t, 4>; ///< 256 bits, little-endian
    static constexpr unsigned bits = 253;

    constexpr Scalar() = default;
    /// None if the number is L or more.
    static std::optional<Scalar> from(const Words& words);

    /// Requires position < 256.
    bool bit(unsigned position) const { return (words_[position / 64] >> position % 64 & 1) != 0; }
    /// Puts a bit behind its binary digits: a long number is reduced by putting one after the other, highest first.
    void append(bool bit);

private:
    explicit Scalar(const Words& words) : words_(words) {}

    Words words_{};
};

} // namespace ovm::loader
