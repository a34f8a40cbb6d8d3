#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ovm::launcher
{

inline constexpr std::uint64_t kibibyte = 1024;
inline constexpr std::uint64_t mebibyte = 1024 * kibibyte;
inline constexpr std::uint64_t gibibyte = 1024 * mebibyte;

/// A decimal or 0x number; nothing else around it.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// A number of bytes with an optional K, M, G or T (powers of 1024), as `256M`.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The shortest exact form that parse_size reads: `256M`.
std::string size_text(std::uint64_t bytes);

/// A decimal number with an optional fraction, as `0.5`, in units of 10^-places. Nothing if it has more places than
/// that, or does not fit.
std::optional<std::uint64_t> parse_decimal(std::string_view text, unsigned places);

/// A length of time in nanoseconds: a decimal number with ns, us, ms or s, as `5ms`.
std::optional<std::uint64_t> parse_duration(std::string_view text);

/// The shortest exact form that parse_duration reads: `5ms`.
std::string duration_text(std::uint64_t nanoseconds);

/// The control code of an escape key: `a`, `^A`, `Ctrl-A` (or `ctrl+a`) are all 1. Only letters; not h, i, j and m,
/// which are Backspace, Tab and Enter.
std::optional<unsigned> parse_escape(std::string_view text);

/// Splits at single commas; two commas stand for one inside a value.
std::vector<std::string> split_at_commas(std::string_view text);

/// The word that is most like `word`, if any is near enough to be meant.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> words);

/// `a, b and c`.
std::string join_words(std::span<const std::string_view> words, std::string_view last = " and ");

/// `text` between quotes, with control characters made visible, cut when long: for messages.
std::string in_quotes(std::string_view text);

/// True for text that a line of machine.conf can carry: no control character but the tab.
bool fits_one_line(std::string_view text);

} // namespace ovm::launcher
