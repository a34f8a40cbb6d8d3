#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ovm::loader
{

/// SHA-512 (FIPS 180-4) of bytes that come in pieces.
/// Every 128 bytes cost one compression, 7,000 instructions, and finish() one or two more: who gives it pieces of
/// 128 bytes keeps each call short.
class Sha512
{
public:
    using Digest = std::array<std::uint8_t, 64>;
    static constexpr std::size_t block_bytes = 128;

    void update(std::span<const std::uint8_t> bytes);
    /// Of all bytes so far. The object is used up then.
    Digest finish();

private:
    void compress();

    std::array<std::uint64_t, 8> state_{0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                        0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
    std::array<std::uint8_t, block_bytes> block_{};
    std::size_t filled_ = 0; ///< of block_, never all of it between calls
    std::uint64_t bytes_ = 0;
};

} // namespace ovm::loader
