#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/contract.hpp"

/// Little-endian fields of formats that come from outside. Trusted: two loads that the compiler must not take apart.
namespace ovm::interface
{

/// `size` is 1, 2, 4 or 8. Requires that the field lies inside.
inline std::uint64_t little_endian(std::span<const std::uint8_t> bytes, std::size_t at, unsigned size)
{
    OVM_REQUIRES_THAT(at <= bytes.size() && size <= bytes.size() - at && size <= 8);
    std::uint64_t value = 0;
    if (size == 8)
    {
        __builtin_memcpy(&value, bytes.subspan(at).data(), 8);
        return value;
    }
    for (unsigned i = size; i-- > 0;)
        value = (value << 8) | bytes[at + i];
    return value;
}

inline void put_little_endian(std::span<std::uint8_t> bytes, std::size_t at, unsigned size, std::uint64_t value)
{
    OVM_REQUIRES_THAT(at <= bytes.size() && size <= bytes.size() - at && size <= 8);
    for (auto& byte : bytes.subspan(at, size))
    {
        byte = static_cast<std::uint8_t>(value);
        value >>= 8;
    }
}

inline std::string_view text_of(std::span<const std::uint8_t> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::span<const std::uint8_t> bytes_of(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

} // namespace ovm::interface
