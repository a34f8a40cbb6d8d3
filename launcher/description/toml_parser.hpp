#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/failure.hpp"

namespace ovm::launcher
{

/// A value: text and whole numbers (as decimal text) carry `text`; a list carries `items`; what machine descriptions
/// have no use for (true, 1.5, a date) is `other`.
struct Toml_value
{
    enum class Kind
    {
        text,
        integer,
        list,
        other
    };

    Kind kind = Kind::other;
    unsigned line = 0;
    std::string text;
    std::vector<Toml_value> items;
};

struct Toml_entry
{
    std::string key;
    unsigned line = 0;
    Toml_value value;
};

/// A table: `[name]`, or one of the tables `[[name]]`, or what stands before the first of them (no name).
struct Toml_table
{
    std::string name;
    bool repeated = false;
    unsigned line = 0;
    std::vector<Toml_entry> entries;
};

/// Reads the part of TOML 1.0 that machine descriptions use: tables and lists of tables one level deep, plain and
/// quoted keys, all four kinds of strings, whole numbers of all bases, lists over any number of lines, comments. Dotted
/// keys and inline tables are refused by name. Every failure says FILE:LINE. It is our own because Debian's
/// toml11 3.7.1 reads beyond its buffer at an unclosed string.
Checked<std::vector<Toml_table>> parse_toml(std::string_view text, const std::string& file);

} // namespace ovm::launcher
