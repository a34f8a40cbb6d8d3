#include "loader/signature/scalar.hpp"

namespace ovm::loader
{
namespace
{

constexpr Scalar::Words order{0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000};

/// None if it is below the order.
std::optional<Scalar::Words> minus_order(Scalar::Words words)
{
    bool borrow = false;
    for (std::size_t i = 0; i < words.size(); ++i)
    {
        const std::uint64_t taken = order[i] + (borrow ? 1 : 0); // no word of the order is all ones
        borrow = words[i] < taken;
        words[i] -= taken;
    }
    if (borrow)
        return std::nullopt;
    return words;
}

} // namespace

std::optional<Scalar> Scalar::from(const Words& words)
{
    if (minus_order(words))
        return std::nullopt;
    return Scalar(words);
}

void Scalar::append(bool bit)
{
    std::uint64_t carry = bit ? 1 : 0;
    for (std::uint64_t& word : words_)
    {
        const std::uint64_t out = word >> 63;
        word = word << 1 | carry;
        carry = out;
    }
    words_ = minus_order(words_).value_or(words_);
}

} // namespace ovm::loader
