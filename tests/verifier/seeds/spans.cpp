#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/contract.hpp"

/// Spans and views: they lead to as many elements as they say, and share their memory with members.
struct Packet
{
    std::span<const std::uint8_t> bytes{};
    std::uint8_t first = 0;
};

OVM_VERIFIED std::uint8_t last(std::span<const std::uint8_t> bytes) // expect: none
{
    return bytes.empty() ? 0 : bytes[bytes.size() - 1];
}

OVM_VERIFIED std::uint8_t beyond(std::span<const std::uint8_t> bytes, std::size_t at)
{
    return bytes[at]; // expect: check of the library
}

OVM_VERIFIED std::uint8_t raw(std::span<const std::uint8_t> bytes, std::size_t at)
{
    return bytes.data()[at]; // expect: access outside of its array
}

OVM_VERIFIED unsigned total(const Packet& packet) // expect: none
{
    unsigned sum = 0;
    for (auto const byte : packet.bytes)
    {
        OVM_LOOP_INVARIANT(sum <= 0xffff);
        sum = (sum + byte) & 0xffff;
    }
    return sum;
}

OVM_VERIFIED std::uint8_t beside(const Packet& packet)
{
    return packet.bytes.data()[packet.bytes.size()]; // expect: access outside of its array
}

/// A span's bytes may be a member's.
OVM_VERIFIED void overwritten(Packet& packet, std::span<std::uint8_t> into)
{
    packet.first = 1;
    if (!into.empty())
        into[0] = 2;
    OVM_ASSERT(packet.first == 1); // expect: assertion
}

OVM_VERIFIED void remembered(Packet& packet, std::span<std::uint8_t> into)
{
    if (into.empty())
        return;
    into[0] = 2;
    packet.first = 1;
    OVM_ASSERT(into[0] == 2); // expect: assertion
}

/// A loop that writes through a span forgets the members that it may have written.
OVM_VERIFIED void overwritten_in_turns(Packet& packet, std::span<std::uint8_t> into)
{
    packet.first = 1;
    for (auto& byte : into)
    {
        OVM_ASSERT(packet.first == 1); // expect: assertion
        byte = 2;
    }
}

OVM_VERIFIED bool alike(std::string_view one, std::string_view other) // expect: none
{
    return one == other;
}

OVM_VERIFIED std::size_t blanks(std::string_view text) // expect: none
{
    auto const at = text.find(' ');
    return at == std::string_view::npos ? 0 : text.substr(at).size();
}

OVM_VERIFIED char behind_blank(std::string_view text)
{
    auto const at = text.find(' ');
    return at == std::string_view::npos ? ' ' : text.data()[at + 1]; // expect: access outside of its array
}

OVM_VERIFIED std::uint8_t of_table(std::size_t at)
{
    struct Pair
    {
        std::uint8_t one;
        std::uint8_t other;
    };
    static constexpr std::array<Pair, 4> table{{{1, 2}, {3, 4}, {5, 6}, {7, 8}}};
    auto const value = table[at & 3].other;
    OVM_ASSERT(value % 2 == 0);
    OVM_ASSERT(value != 6); // expect: assertion
    return value;
}

struct Word
{
    std::uint8_t kind;
    std::string_view text;
    std::uint64_t value;
};

constexpr std::array<Word, 9> words{{{0, "", 1},
                                     {1, "s", 1000},
                                     {1, "ms", 100},
                                     {1, "us", 10},
                                     {1, "ns", 1},
                                     {2, "G", 30},
                                     {2, "M", 20},
                                     {2, "K", 10},
                                     {2, "", 1}}};

/// Views that a table of constants holds.
OVM_VERIFIED std::uint64_t value_of_word(std::string_view text) // expect: none
{
    for (auto const& word : words)
    {
        if (word.text == text)
            return word.value;
    }
    return 0;
}

OVM_VERIFIED char first_of_word(std::size_t at)
{
    return words[at % 9].text.data()[1]; // expect: access outside of its object
}

/// Views that are members of an array's elements.
struct Named
{
    std::array<Word, 16> words{};
};

OVM_VERIFIED bool has_word(const Named& named, std::string_view text) // expect: none
{
    for (auto const& word : named.words)
    {
        if (word.text == text)
            return true;
    }
    return false;
}

/// A span that is returned comes in two registers, which are stored where members are that were spans before.
struct Halves
{
    OVM_VERIFIED explicit Halves(std::span<std::uint8_t> bytes);
    OVM_VERIFIED Halves(std::span<std::uint8_t> bytes, std::size_t middle);
    std::span<std::uint8_t> front{};
    std::span<std::uint8_t> back{};
};

Halves::Halves(std::span<std::uint8_t> bytes) // expect: none
    : front(bytes.first(bytes.size() / 2)), back(bytes.subspan(bytes.size() / 2))
{
    OVM_PROMISES(front.size() <= back.size() && front.data() == bytes.data());
    if (!back.empty())
        back[back.size() - 1] = 0;
}

Halves::Halves(std::span<std::uint8_t> bytes, std::size_t middle)
    : front(bytes.first(middle)), // expect: check of the library
      back(bytes.subspan(middle))
{
    OVM_PROMISES(front.size() + back.size() == bytes.size());
    OVM_PROMISES(front.size() <= back.size()); // expect: postcondition
}
