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

/// Clang hands it over as a number of three bytes, to which an array would give four.
struct Three
{
    std::uint8_t first = 0;
    std::uint8_t second = 0;
    std::uint8_t third = 0;
};

constexpr std::array<Three, 4> threes{{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}}};

[[gnu::noinline]] unsigned third_of(Three three)
{
    return three.third;
}

OVM_VERIFIED unsigned third_of_last(unsigned at) // expect: none
{
    auto const third = third_of(threes[at & 3]);
    OVM_ASSERT(third >= 3 && third <= 12);
    return third;
}

OVM_VERIFIED unsigned third_of_others(unsigned at)
{
    auto const third = third_of(threes[at & 3]);
    OVM_ASSERT(third < 12); // expect: assertion
    return third;
}

OVM_VERIFIED void put_three(std::array<Three, 4>& into, Three three) // expect: none
{
    auto const next = into[2].first;
    into[1] = three;
    OVM_ASSERT(into[2].first == next);
    into[3] = three;
}

OVM_VERIFIED void put_three_behind(std::array<Three, 4>& into, Three three, unsigned at)
{
    into[at & 7] = three; // expect: check of the library
}
