#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "loader/signature/signature_check.hpp"

namespace ovm::test
{

using Bytes_of_file = std::vector<std::uint8_t>;

inline Bytes_of_file from_digits(std::string_view digits)
{
    const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
    Bytes_of_file bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(value(digits[i]) * 16 + value(digits[i + 1])));
    return bytes;
}

/// What the check says in the end; a key or signature of a wrong length is not good.
inline bool is_good(std::span<const std::uint8_t> key, std::span<const std::uint8_t> signature,
                    std::span<const std::uint8_t> message)
{
    loader::Signature_check::Key key_bytes{};
    loader::Signature_check::Signature signature_bytes{};
    if (key.size() != key_bytes.size() || signature.size() != signature_bytes.size())
        return false;
    std::ranges::copy(key, key_bytes.begin());
    std::ranges::copy(signature, signature_bytes.begin());
    loader::Signature_check check(key_bytes, signature_bytes, message);
    auto progress = check.step();
    while (progress.has_value() && *progress == loader::Signature_check::Progress::again)
        progress = check.step();
    return progress.has_value();
}

} // namespace ovm::test
