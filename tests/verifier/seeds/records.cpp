#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/contract.hpp"

/// Structures that are read out of bytes.
struct Digested
{
    std::uint32_t at = 0;
    std::array<std::uint8_t, 32> digest{};
    std::uint32_t size = 0;
};

struct Triple
{
    std::uint32_t at = 0;
    std::uint32_t first = 0;
    std::uint32_t second = 0;
};

template <typename Record>
Record read(std::span<const std::uint8_t, sizeof(Record)> bytes)
{
    std::array<std::uint8_t, sizeof(Record)> record{};
    __builtin_memcpy(record.data(), bytes.data(), sizeof(Record));
    return std::bit_cast<Record>(record);
}

OVM_VERIFIED std::uint32_t size_of(std::span<const std::uint8_t> bytes) // expect: none
{
    if (bytes.size() < sizeof(Digested))
        return 0;
    auto const record = read<Digested>(bytes.first<sizeof(Digested)>());
    OVM_ASSERT((record.at & 0xff) == bytes[0] && record.digest[3] == bytes[7] && record.size >> 24 == bytes[39]);
    return record.size;
}

OVM_VERIFIED std::uint32_t size_of_few(std::span<const std::uint8_t> bytes)
{
    return read<Digested>(bytes.first<sizeof(Digested)>()).size; // expect: check of the library
}

OVM_VERIFIED void digest_elsewhere(std::span<const std::uint8_t> bytes)
{
    if (bytes.size() < sizeof(Digested))
        return;
    auto const record = read<Digested>(bytes.first<sizeof(Digested)>());
    OVM_ASSERT(record.digest[3] == bytes[8]); // expect: assertion
}

OVM_VERIFIED std::uint32_t second_of(std::span<const std::uint8_t> bytes) // expect: none
{
    if (bytes.size() < sizeof(Triple))
        return 0;
    auto const record = read<Triple>(bytes.first<sizeof(Triple)>());
    OVM_ASSERT((record.second & 0xff) == bytes[8]);
    return record.second;
}

OVM_VERIFIED void second_elsewhere(std::span<const std::uint8_t> bytes)
{
    if (bytes.size() < sizeof(Triple))
        return;
    auto const record = read<Triple>(bytes.first<sizeof(Triple)>());
    OVM_ASSERT((record.second & 0xff) == bytes[9]); // expect: assertion
}
