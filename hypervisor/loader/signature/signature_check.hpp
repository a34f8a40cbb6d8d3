#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "loader/signature/point.hpp"
#include "loader/signature/scalar.hpp"
#include "loader/signature/sha512.hpp"

namespace ovm::loader
{

/// Whether a signature by Ed25519 (RFC 8032, 5.1.7, without the factor 8) is the key's over the message, found out in
/// steps that fit into a crossing: one takes 15,000 instructions, the others at most 12,000. A message of 64 KiB takes
/// 810 of them and 5.5 million instructions.
/// Failure:     Error::denied, and no other word about why. Refused are, too, signatures and keys that say the same
///              thing in another way (S >= L, coordinates >= p), and keys and R of small order.
/// Concurrency: its owner's. Nothing is secret here, so the time that it takes may tell everything.
/// Lifetime:    a view of the message, which stays and does not change until the check is over.
class Signature_check
{
public:
    using Key = std::array<std::uint8_t, 32>;
    using Signature = std::array<std::uint8_t, 64>;

    enum class Progress : std::uint8_t
    {
        again, ///< call step() once more
        good
    };

    Signature_check(const Key& key, const Signature& signature, std::span<const std::uint8_t> message);

    /// Not to be called again after an answer other than Progress::again.
    Result<Progress> step();

private:
    enum class Stage : std::uint8_t
    {
        hash,
        reduce,
        decode_key,
        decode_commitment,
        multiply
    };

    using Words = Field::Words;

    Progress hash();
    Progress reduce();
    Result<Progress> decode_key();
    Result<Progress> decode_commitment();
    Result<Progress> multiply();

    Stage stage_ = Stage::hash;
    std::span<const std::uint8_t> message_; ///< what of it is not hashed yet
    std::array<Words, 2> signature_;        ///< R and S
    Sha512 hash_{};
    std::array<std::uint64_t, 8> digest_{}; ///< little-endian
    unsigned bits_left_ = 0;                ///< of the digest, then of the scalars
    Scalar challenge_{};                    ///< k, the digest modulo L
    Scalar response_{};                     ///< S
    Point_decoder decoder_;                 ///< of -A, then of R
    Point minus_key_{};                     ///< -A
    Point sum_{};                           ///< S B - k A, of the bits that were looked at
};

} // namespace ovm::loader
