#include "loader/signature/sha512.hpp"

#include <algorithm>
#include <bit>

namespace ovm::loader
{
namespace
{

constexpr std::size_t rounds = 80;

/// Of the cube roots of the first 80 primes, the first 64 bits of the fraction (4.2.3).
constexpr std::array<std::uint64_t, rounds> constants{
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
    0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
    0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
    0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
    0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

/// The functions of 4.1.3.
constexpr std::uint64_t sum(std::uint64_t x, int first, int second, int third)
{
    return std::rotr(x, first) ^ std::rotr(x, second) ^ std::rotr(x, third);
}

constexpr std::uint64_t schedule(std::uint64_t x, int first, int second, int shift)
{
    return std::rotr(x, first) ^ std::rotr(x, second) ^ (x >> shift);
}

/// Words are big-endian outside.
void swap_bytes(std::span<std::uint64_t> words)
{
    for (std::uint64_t& word : words)
        word = std::byteswap(word);
}

} // namespace

void Sha512::update(std::span<const std::uint8_t> bytes)
{
    bytes_ += bytes.size();
    while (!bytes.empty())
    {
        const std::size_t taken = std::min(bytes.size(), block_bytes - filled_);
        std::ranges::copy(bytes.first(taken), std::span(block_).subspan(filled_).begin());
        bytes = bytes.subspan(taken);
        filled_ += taken;
        if (filled_ == block_bytes)
            compress();
    }
}

Sha512::Digest Sha512::finish()
{
    // A bit, then zeros up to the length, which takes 128 bits.
    const auto length =
        std::bit_cast<std::array<std::uint8_t, 16>>(std::array<std::uint64_t, 2>{0, std::byteswap(bytes_ * 8)});
    constexpr std::size_t length_at = block_bytes - length.size();
    update(std::array<std::uint8_t, 1>{0x80});
    if (filled_ > length_at)
    {
        std::ranges::fill(std::span(block_).subspan(filled_), std::uint8_t{0});
        compress();
    }
    std::ranges::fill(std::span(block_).subspan(filled_, length_at - filled_), std::uint8_t{0});
    filled_ = length_at;
    update(length);
    swap_bytes(state_);
    return std::bit_cast<Digest>(state_);
}

void Sha512::compress()
{
    auto words = std::bit_cast<std::array<std::uint64_t, 16>>(block_);
    swap_bytes(words);
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t round = 0; round < rounds; ++round)
    {
        // The schedule of 6.4.2 needs only the last 16 words.
        std::uint64_t& word = words[round % 16];
        if (round >= 16)
            word += schedule(words[(round + 1) % 16], 1, 8, 7) + words[(round + 9) % 16] +
                    schedule(words[(round + 14) % 16], 19, 61, 6);
        const std::uint64_t first = h + sum(e, 14, 18, 41) + ((e & f) ^ (~e & g)) + constants[round] + word;
        const std::uint64_t second = sum(a, 28, 34, 39) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + first;
        d = c;
        c = b;
        b = a;
        a = first + second;
    }
    const std::array<std::uint64_t, 8> after{a, b, c, d, e, f, g, h};
    std::ranges::transform(state_, after, state_.begin(), std::plus{});
    filled_ = 0;
}

} // namespace ovm::loader
