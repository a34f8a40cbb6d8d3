#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "loader/format.hpp"
#include "loader/signature/signature_check.hpp"

namespace ovm::test
{

/// The base point of Ed25519, which is the public key of the private number 1, and the commitment of the random one 1:
/// with these, signing takes a hash and an addition.
inline constexpr loader::Signature_check::Key test_key = []
{
    loader::Signature_check::Key key{};
    key.fill(0x66);
    key[0] = 0x58;
    return key;
}();

/// (1 + digest) modulo the order of the base point, both little-endian.
inline std::array<std::uint8_t, 32> response(std::span<const std::uint8_t, 64> digest)
{
    using Words = std::array<std::uint64_t, 4>;
    constexpr Words order{0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000};
    Words value{};
    auto const reduce = [&value, &order]
    {
        if (std::ranges::lexicographical_compare(value.rbegin(), value.rend(), order.rbegin(), order.rend()))
            return;
        unsigned __int128 borrow = 0;
        for (std::size_t i = 0; i < 4; ++i)
        {
            auto const difference = static_cast<unsigned __int128>(value[i]) - order[i] - borrow;
            value[i] = static_cast<std::uint64_t>(difference);
            borrow = difference >> 64 & 1;
        }
    };
    auto const add = [&value](std::uint64_t small)
    {
        for (std::size_t i = 0; i < 4; ++i)
        {
            value[i] += small;
            small = value[i] < small ? 1 : 0;
        }
    };
    for (unsigned bit = 512; bit-- > 0;)
    {
        for (std::size_t i = 4; i-- > 0;)
            value[i] = value[i] << 1 | (i > 0 ? value[i - 1] >> 63 : 0);
        add(digest[bit / 8] >> bit % 8 & 1);
        reduce();
    }
    add(1);
    reduce();
    std::array<std::uint8_t, 32> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(value[i / 8] >> (8 * (i % 8)));
    return bytes;
}

/// Makes the envelope of a file good. Requires that it has one.
inline void sign(std::span<std::uint8_t> file)
{
    loader::Sha512 hash;
    hash.update(test_key);
    hash.update(test_key);
    hash.update(file.subspan(sizeof(loader::format::Envelope)));
    auto const digest = hash.finish();
    auto const answer = response(digest);
    std::ranges::copy(test_key, file.begin());
    std::ranges::copy(answer, file.begin() + 32);
    std::ranges::copy(test_key, file.begin() + 64);
}

} // namespace ovm::test
