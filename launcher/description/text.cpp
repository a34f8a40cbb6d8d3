#include "launcher/description/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace ovm::launcher
{

namespace
{

constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();

struct Duration_unit
{
    std::string_view name;
    unsigned places; ///< nanoseconds as decimal places
    std::uint64_t nanoseconds;
};

/// From small to large; `s` is last, as the others end with it too.
constexpr std::array<Duration_unit, 4> duration_units{
    {{"ns", 0, 1}, {"us", 3, 1000}, {"ms", 6, 1'000'000}, {"s", 9, 1'000'000'000}}};

char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character + 32) : character;
}

std::string lower(std::string_view text)
{
    std::string result;
    for (char const character : text)
        result += lower(character);
    return result;
}

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i)
    {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j)
        {
            std::size_t const above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

} // namespace

std::optional<std::uint64_t> parse_number(std::string_view text)
{
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X"))
    {
        base = 16;
        text.remove_prefix(2);
    }
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::optional<std::uint64_t> parse_size(std::string_view text)
{
    std::uint64_t unit = 1;
    bool const hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    if (!text.empty() && !hexadecimal)
    {
        // 256M, 256MB and 256MiB are the same.
        auto const end = lower(text.substr(text.size() - std::min<std::size_t>(text.size(), 2)));
        if (end == "ib" && text.size() > 2)
            text.remove_suffix(2);
        else if (end.size() == 2 && end[1] == 'b' && std::string_view("kmgt").contains(end[0]))
            text.remove_suffix(1);
        switch (lower(text.back()))
        {
        case 'k':
            unit = kibibyte;
            break;
        case 'm':
            unit = mebibyte;
            break;
        case 'g':
            unit = gibibyte;
            break;
        case 't':
            unit = 1024 * gibibyte;
            break;
        default:
            break;
        }
        if (unit != 1)
            text.remove_suffix(1);
    }
    auto const number = parse_number(text);
    if (!number || *number > largest / unit)
        return std::nullopt;
    return *number * unit;
}

std::string size_text(std::uint64_t bytes)
{
    if (bytes != 0 && bytes % gibibyte == 0)
        return std::to_string(bytes / gibibyte) + "G";
    if (bytes != 0 && bytes % mebibyte == 0)
        return std::to_string(bytes / mebibyte) + "M";
    if (bytes != 0 && bytes % kibibyte == 0)
        return std::to_string(bytes / kibibyte) + "K";
    return std::to_string(bytes);
}

std::optional<std::uint64_t> parse_decimal(std::string_view text, unsigned places)
{
    auto const point = text.find('.');
    std::string digits(text.substr(0, point));
    if (point != std::string_view::npos)
    {
        auto const fraction = text.substr(point + 1);
        if (digits.empty() || fraction.empty() || fraction.size() > places)
            return std::nullopt;
        digits += fraction;
        places -= static_cast<unsigned>(fraction.size());
    }
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    return parse_number(digits.append(places, '0'));
}

std::optional<std::uint64_t> parse_duration(std::string_view text)
{
    for (auto const& unit : duration_units)
    {
        if (text.ends_with(unit.name))
            return parse_decimal(text.substr(0, text.size() - unit.name.size()), unit.places);
    }
    return std::nullopt;
}

std::string duration_text(std::uint64_t nanoseconds)
{
    auto shown = duration_units.front();
    for (auto const& unit : duration_units)
    {
        if (nanoseconds != 0 && nanoseconds % unit.nanoseconds == 0)
            shown = unit;
    }
    return std::to_string(nanoseconds / shown.nanoseconds) + std::string(shown.name);
}

std::optional<unsigned> parse_escape(std::string_view text)
{
    std::string const key = lower(text);
    std::string_view rest = key;
    for (std::string_view const prefix : {"ctrl-", "ctrl+", "c-", "^"})
    {
        if (rest.size() > prefix.size() && rest.starts_with(prefix))
        {
            rest.remove_prefix(prefix.size());
            break;
        }
    }
    if (rest.size() != 1 || rest[0] < 'a' || rest[0] > 'z' || std::string_view("hijm").contains(rest[0]))
        return std::nullopt;
    return static_cast<unsigned>(rest[0] - 'a' + 1);
}

std::vector<std::string> split_at_commas(std::string_view text)
{
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < text.size(); ++i)
    {
        if (text[i] != ',')
            parts.back() += text[i];
        else if (i + 1 < text.size() && text[i + 1] == ',')
            parts.back() += text[i++];
        else
            parts.emplace_back();
    }
    return parts;
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> words)
{
    auto const plain = lower(word);
    std::optional<std::string_view> best;
    std::size_t best_distance = std::max<std::size_t>(2, plain.size() / 3) + 1;
    for (auto const candidate : words)
    {
        auto apart = distance(plain, candidate);
        if (plain.size() >= 3 && (candidate.starts_with(plain) || plain.starts_with(candidate)))
            apart = std::min<std::size_t>(apart, 1);
        // A word with nothing in common is no suggestion, however short both are.
        if (apart < best_distance && apart < std::max(plain.size(), candidate.size()) - (candidate.size() > 2 ? 1 : 0))
        {
            best = candidate;
            best_distance = apart;
        }
    }
    return best;
}

std::string join_words(std::span<const std::string_view> words, std::string_view last)
{
    std::string result;
    for (std::size_t i = 0; i < words.size(); ++i)
    {
        if (i != 0)
            result += i + 1 == words.size() ? last : ", ";
        result += words[i];
    }
    return result;
}

std::string in_quotes(std::string_view text)
{
    constexpr std::size_t limit = 80;
    std::string result = "'";
    for (char const character : text.substr(0, limit))
        result += static_cast<unsigned char>(character) < 0x20 || character == 0x7f ? '?' : character;
    return result + (text.size() > limit ? "...'" : "'");
}

bool fits_one_line(std::string_view text)
{
    return std::ranges::none_of(
        text, [](char character)
        { return (static_cast<unsigned char>(character) < 0x20 && character != '\t') || character == 0x7f; });
}

} // namespace ovm::launcher
