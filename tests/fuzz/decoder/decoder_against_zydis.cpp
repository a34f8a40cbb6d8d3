// Compares OVM's decoder with Zydis on a sweep over every opcode and ModRM byte and on random code, the same for the
// same seed. Exit status 0 if they agree everywhere, 1 otherwise.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "oracle.hpp"

namespace
{

using ovm::arch::instruction::Mode;

constexpr std::array modes{Mode::real16, Mode::protected16, Mode::protected32, Mode::long64};
constexpr std::array mode_names{"real16", "protected16", "protected32", "long64"};

/// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
class Random final
{
public:
    explicit Random(uint64_t seed) : state_(seed) {}

    uint64_t next()
    {
        state_ += 0x9E3779B97F4A7C15;
        uint64_t value = state_;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    uint8_t byte() { return static_cast<uint8_t>(next() >> 56); }
    uint32_t below(uint32_t limit) { return static_cast<uint32_t>(((next() >> 32) * limit) >> 32); }

private:
    uint64_t state_;
};

class Report final
{
public:
    void compare(std::span<const uint8_t> bytes, Mode mode)
    {
        ++cases_;
        const auto wrong = ovm::fuzz::disagreement(bytes, mode);
        if (!wrong)
        {
            return;
        }
        ++disagreements_;
        if (disagreements_ <= shown)
        {
            std::printf("%s:", mode_names[static_cast<size_t>(mode)]);
            std::ranges::for_each(bytes, [](uint8_t byte) { std::printf(" %02x", byte); });
            std::printf(": %s\n", wrong->c_str());
        }
    }

    int finish() const
    {
        std::printf("%llu cases, %llu disagreements\n", static_cast<unsigned long long>(cases_),
                    static_cast<unsigned long long>(disagreements_));
        return disagreements_ == 0 ? 0 : 1;
    }

private:
    static constexpr uint64_t shown = 40;
    uint64_t cases_{0};
    uint64_t disagreements_{0};
};

/// Builds one instruction's bytes.
class Code final
{
public:
    void add(uint8_t byte)
    {
        if (size_ < bytes_.size())
        {
            bytes_[size_++] = byte;
        }
    }

    void add(std::initializer_list<uint8_t> bytes)
    {
        std::ranges::for_each(bytes, [this](uint8_t b) { add(b); });
    }

    void fill(Random& random)
    {
        while (size_ < bytes_.size())
        {
            add(random.byte());
        }
    }

    std::span<const uint8_t> first(size_t count) const { return std::span(bytes_).first(std::min(count, size_)); }

private:
    std::array<uint8_t, 18> bytes_{};
    size_t size_{0};
};

constexpr std::array<uint8_t, 11> legacy_prefixes{0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3};

/// The opcodes of the one-byte and the 0F map whose operands OVM decodes.
constexpr std::array<uint8_t, 63> one_byte_opcodes{
    0x00, 0x01, 0x08, 0x0B, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x30, 0x31, 0x38, 0x39, 0x3B, 0x3D,
    0x40, 0x4F, 0x63, 0x6C, 0x6D, 0x6E, 0x6F, 0x80, 0x81, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
    0x8A, 0x8B, 0x8C, 0x8E, 0x90, 0x93, 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA7, 0xA9, 0xAA, 0xAB,
    0xAD, 0xAF, 0xB0, 0xB9, 0xC6, 0xC7, 0xE4, 0xE7, 0xEC, 0xEF, 0xF6, 0xF7, 0xFE, 0xFF, 0xCF};
constexpr std::array<uint8_t, 34> two_byte_opcodes{
    0x00, 0x01, 0x01, 0x01, 0x06, 0x08, 0x09, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33, 0xA2, 0xA3,
    0xAB, 0xB0, 0xB1, 0xB3, 0xB6, 0xB7, 0xBA, 0xBB, 0xBE, 0xBF, 0xC0, 0xC1, 0xC3, 0xC7, 0x0B, 0xAA, 0x78};

void add_opcode(Code& code, Random& random)
{
    switch (random.below(12))
    {
    case 0:
    case 1:
        code.add(random.byte());
        return;
    case 2:
    case 3:
        code.add({0x0F, random.byte()});
        return;
    case 4:
        code.add({0x0F, 0x38, random.byte()});
        return;
    case 5:
        code.add({0x0F, 0x3A, random.byte()});
        return;
    case 6:
        code.add({0xC5, random.byte(), random.byte()});
        return;
    case 7:
        code.add({0xC4, static_cast<uint8_t>((random.byte() & 0xE0) | random.below(8)), random.byte(), random.byte()});
        return;
    case 8:
        code.add({0x62, static_cast<uint8_t>((random.byte() & 0xF0) | random.below(8)),
                  static_cast<uint8_t>(random.byte() | 4), random.byte(), random.byte()});
        return;
    case 9:
        code.add(
            {0x8F, static_cast<uint8_t>((random.byte() & 0xE0) | (8 + random.below(3))), random.byte(), random.byte()});
        return;
    case 10:
        code.add(one_byte_opcodes[random.below(one_byte_opcodes.size())]);
        return;
    default:
        code.add({0x0F, two_byte_opcodes[random.below(two_byte_opcodes.size())]});
        return;
    }
}

Code random_code(Random& random, Mode mode)
{
    Code code;
    const uint32_t shape = random.below(16);
    if (shape != 0)
    {
        // Most instructions have few prefixes; some have so many that the limit of 15 bytes is near.
        const uint32_t prefixes = shape == 1 ? random.below(15) : shape < 8 ? 0 : random.below(4);
        for (uint32_t count = 0; count < prefixes; ++count)
        {
            code.add(legacy_prefixes[random.below(legacy_prefixes.size())]);
        }
        if (mode == Mode::long64 && random.below(2) == 0)
        {
            code.add(static_cast<uint8_t>(0x40 | random.below(16)));
        }
        add_opcode(code, random);
    }
    code.fill(random);
    return code;
}

void compare_random(Report& report, uint64_t count, uint64_t seed)
{
    Random random(seed);
    for (uint64_t number = 0; number < count; ++number)
    {
        const Mode mode = modes[std::min<uint32_t>(random.below(6), 3)]; // 64-bit code half of the time
        const Code code = random_code(random, mode);
        const size_t size = random.below(4) == 0 ? random.below(18) : 18;
        report.compare(code.first(size), mode);
    }
}

/// Every opcode of the legacy maps with every ModRM byte under prefixes that change its meaning.
void sweep(Report& report)
{
    static const std::vector<std::vector<uint8_t>> prefixes{
        {},           {0x66},       {0x67},       {0xF2},       {0xF3},       {0xF0},       {0x64},
        {0x2E},       {0x66, 0x67}, {0x66, 0xF2}, {0xF3, 0x66}, {0xF2, 0xF3}, {0xF3, 0xF2}, {0xF0, 0xF2},
        {0x64, 0x36}, {0x48},       {0x41},       {0x44},       {0x4F},       {0x66, 0x48}, {0xF3, 0x48},
        {0xF2, 0x4F}, {0xF0, 0x48}, {0x48, 0x66}, {0x40}};
    static const std::vector<std::vector<uint8_t>> maps{{}, {0x0F}, {0x0F, 0x38}, {0x0F, 0x3A}};
    Random random(1);
    for (const Mode mode : modes)
    {
        for (const auto& prefix : prefixes)
        {
            for (const auto& map : maps)
            {
                for (unsigned both = 0; both < 0x10000; ++both)
                {
                    Code code;
                    std::ranges::for_each(prefix, [&code](uint8_t byte) { code.add(byte); });
                    std::ranges::for_each(map, [&code](uint8_t byte) { code.add(byte); });
                    code.add({static_cast<uint8_t>(both >> 8), static_cast<uint8_t>(both)});
                    code.fill(random);
                    report.compare(code.first(18), mode);
                }
            }
        }
    }
}

bool parse(std::string_view text, uint64_t& value)
{
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc{} && result.ptr == text.data() + text.size();
}

} // namespace

int main(int count, char** arguments)
{
    uint64_t cases = 1'000'000;
    uint64_t seed = 1;
    const std::span<char*> all(arguments, static_cast<size_t>(count));
    for (size_t at = 1; at < all.size(); at += 2)
    {
        const std::string_view name = all[at];
        uint64_t* const value = name == "--count" ? &cases : name == "--seed" ? &seed : nullptr;
        if (value == nullptr || at + 1 == all.size() || !parse(all[at + 1], *value))
        {
            std::fprintf(stderr, "usage: %s [--count N] [--seed S]\n", all[0]);
            return 2;
        }
    }
    Report report;
    sweep(report);
    compare_random(report, cases, seed);
    return report.finish();
}
