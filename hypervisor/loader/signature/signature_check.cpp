#include "loader/signature/signature_check.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace ovm::loader
{
namespace
{

constexpr unsigned digest_bits = 512;
constexpr unsigned digest_bits_of_a_step = 64;

/// What stands for the point with -x.
constexpr Field::Words negative(Field::Words point)
{
    point[3] ^= std::uint64_t{1} << 63;
    return point;
}

} // namespace

Signature_check::Signature_check(const Key& key, const Signature& signature, std::span<const std::uint8_t> message)
    : message_(message), signature_(std::bit_cast<std::array<Words, 2>>(signature)),
      decoder_(negative(std::bit_cast<Words>(key)))
{
    hash_.update(std::span(signature).first<sizeof(Words)>());
    hash_.update(key);
}

Result<Signature_check::Progress> Signature_check::step()
{
    switch (stage_)
    {
    case Stage::hash:
        return hash();
    case Stage::reduce:
        return reduce();
    case Stage::decode_key:
        return decode_key();
    case Stage::decode_commitment:
        return decode_commitment();
    case Stage::multiply:
        return multiply();
    }
    std::unreachable();
}

Signature_check::Progress Signature_check::hash()
{
    if (!message_.empty())
    {
        const std::size_t taken = std::min(message_.size(), Sha512::block_bytes);
        hash_.update(message_.first(taken));
        message_ = message_.subspan(taken);
        return Progress::again;
    }
    digest_ = std::bit_cast<std::array<std::uint64_t, 8>>(hash_.finish());
    bits_left_ = digest_bits;
    stage_ = Stage::reduce;
    return Progress::again;
}

Signature_check::Progress Signature_check::reduce()
{
    for (unsigned i = 0; i < digest_bits_of_a_step; ++i)
    {
        --bits_left_;
        challenge_.append((digest_[bits_left_ / 64] >> bits_left_ % 64 & 1) != 0);
    }
    if (bits_left_ == 0)
        stage_ = Stage::decode_key;
    return Progress::again;
}

Result<Signature_check::Progress> Signature_check::decode_key()
{
    if (OVM_TRY(decoder_.step()) == Point_decoder::Step::done)
    {
        minus_key_ = decoder_.point();
        decoder_ = Point_decoder(signature_[0]);
        stage_ = Stage::decode_commitment;
    }
    return Progress::again;
}

Result<Signature_check::Progress> Signature_check::decode_commitment()
{
    if (OVM_TRY(decoder_.step()) == Point_decoder::Step::done)
    {
        const auto response = Scalar::from(signature_[1]);
        if (!response)
            return Error::denied;
        response_ = *response;
        bits_left_ = Scalar::bits;
        stage_ = Stage::multiply;
    }
    return Progress::again;
}

Result<Signature_check::Progress> Signature_check::multiply()
{
    --bits_left_;
    sum_ = sum_ + sum_;
    if (response_.bit(bits_left_))
        sum_ = sum_ + Point::base;
    if (challenge_.bit(bits_left_))
        sum_ = sum_ + minus_key_;
    if (bits_left_ > 0)
        return Progress::again;
    if (!(sum_ == decoder_.point()))
        return Error::denied;
    return Progress::good;
}

} // namespace ovm::loader
