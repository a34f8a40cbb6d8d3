#include "launcher/description/toml_parser.hpp"

#include <algorithm>
#include <limits>

#include "launcher/description/text.hpp"

namespace ovm::launcher
{

namespace
{

constexpr unsigned deepest_list = 4;

bool is_key_character(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '-' || character == '_';
}

/// A code point as UTF-8; nothing for what is none.
std::string utf8(std::uint32_t point)
{
    auto const tail = [point](unsigned shift) { return static_cast<char>(0x80 | (point >> shift & 0x3f)); };
    if (point < 0x80)
        return {static_cast<char>(point)};
    if (point < 0x800)
        return {static_cast<char>(0xc0 | point >> 6), tail(0)};
    if (point >= 0xd800 && point < 0xe000)
        return {};
    if (point < 0x10000)
        return {static_cast<char>(0xe0 | point >> 12), tail(6), tail(0)};
    if (point < 0x110000)
        return {static_cast<char>(0xf0 | point >> 18), tail(12), tail(6), tail(0)};
    return {};
}

/// A whole number in TOML's spelling as decimal text; nothing for anything else.
std::optional<std::string> integer_text(std::string_view token)
{
    bool const negative = token.starts_with('-');
    if (negative || token.starts_with('+'))
        token.remove_prefix(1);
    unsigned base = 10;
    if (token.starts_with("0x") || token.starts_with("0o") || token.starts_with("0b"))
    {
        base = token[1] == 'x' ? 16 : token[1] == 'o' ? 8 : 2;
        token.remove_prefix(2);
    }
    if (token.empty() || token.starts_with('_') || token.ends_with('_'))
        return std::nullopt;
    std::uint64_t value = 0;
    for (char const character : token)
    {
        if (character == '_')
            continue;
        auto const lower = static_cast<char>(character | 0x20);
        auto const digit = character >= '0' && character <= '9' ? static_cast<unsigned>(character - '0')
                           : lower >= 'a' && lower <= 'f'       ? static_cast<unsigned>(lower - 'a') + 10
                                                                : base;
        if (digit >= base || value > (std::numeric_limits<std::int64_t>::max() - digit) / base)
            return std::nullopt;
        value = value * base + digit;
    }
    return (negative && value != 0 ? "-" : "") + std::to_string(value);
}

class Parser
{
public:
    Parser(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

    Checked<std::vector<Toml_table>> parse()
    {
        tables_.push_back({"", false, 1, {}});
        for (skip_lines(); !rest_.empty(); skip_lines())
        {
            OVM_CHECKED(rest_[0] == '[' ? parse_header() : parse_entry(tables_.back()));
            OVM_CHECKED(end_line());
        }
        return std::move(tables_);
    }

private:
    Failure failure(std::string what, std::string mend) const
    {
        return {file_ + ":" + std::to_string(line_), std::move(what), std::move(mend)};
    }

    bool take(std::string_view token)
    {
        if (!rest_.starts_with(token))
            return false;
        rest_.remove_prefix(token.size());
        return true;
    }

    void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

    void skip_comment()
    {
        if (rest_.starts_with('#'))
            rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    }

    /// Everything without meaning, line ends included.
    void skip_lines()
    {
        for (;;)
        {
            skip_spaces();
            skip_comment();
            if (take("\n"))
                ++line_;
            else if (!take("\r\n"))
                return;
            else
                ++line_;
        }
    }

    Checked<> end_line()
    {
        skip_spaces();
        skip_comment();
        if (rest_.empty() || rest_[0] == '\n' || rest_.starts_with("\r\n"))
            return {};
        auto const more = rest_.substr(0, rest_.find_first_of("\r\n"));
        return failure("there is more on the line than one entry: " + in_quotes(more),
                       "begin a new line, or close the quotes");
    }

    Checked<std::string> parse_key()
    {
        std::string key;
        if (rest_.starts_with('"') || rest_.starts_with('\''))
            key = OVM_CHECKED(parse_string());
        else
        {
            auto const end = std::ranges::find_if_not(rest_, is_key_character);
            key.assign(rest_.begin(), end);
            if (key.empty())
                return failure("a key is expected at " + in_quotes(rest_.substr(0, rest_.find_first_of("\r\n"))),
                               "write KEY = VALUE");
            rest_.remove_prefix(key.size());
        }
        skip_spaces();
        if (rest_.starts_with('.'))
            return failure("dotted keys have no use here", "write [machine] or [[guest]], and KEY = VALUE below");
        return key;
    }

    Checked<> parse_header()
    {
        Toml_table table;
        table.line = line_;
        table.repeated = rest_.starts_with("[[");
        rest_.remove_prefix(table.repeated ? 2 : 1);
        skip_spaces();
        table.name = OVM_CHECKED(parse_key());
        if (!take(table.repeated ? "]]" : "]"))
            return failure("the table's name is not closed", table.repeated ? "write [[NAME]]" : "write [NAME]");
        auto const same = std::ranges::find_if(tables_, [&](auto const& other) { return other.name == table.name; });
        if (same != tables_.end() && !(same->repeated && table.repeated))
            return failure("the table " + in_quotes(table.name) + " is opened again, first in line " +
                               std::to_string(same->line),
                           "open it once");
        tables_.push_back(std::move(table));
        return {};
    }

    Checked<> parse_entry(Toml_table& table)
    {
        Toml_entry entry;
        entry.line = line_;
        entry.key = OVM_CHECKED(parse_key());
        if (!take("="))
            return failure("there is no '=' after " + in_quotes(entry.key), "write KEY = VALUE");
        skip_spaces();
        entry.value = OVM_CHECKED(parse_value(0));
        for (auto const& other : table.entries)
        {
            if (other.key == entry.key)
            {
                line_ = entry.line;
                return failure(in_quotes(entry.key) + " is given twice, first in line " + std::to_string(other.line),
                               "give it once");
            }
        }
        table.entries.push_back(std::move(entry));
        return {};
    }

    Checked<Toml_value> parse_value(unsigned depth)
    {
        Toml_value value;
        value.line = line_;
        if (rest_.starts_with('"') || rest_.starts_with('\''))
        {
            value.kind = Toml_value::Kind::text;
            value.text = OVM_CHECKED(parse_string());
            return value;
        }
        if (rest_.starts_with('{'))
            return failure("inline tables have no use here", "write [machine] or [[guest]], and KEY = VALUE below");
        if (rest_.starts_with('['))
            return parse_list(depth);
        auto const token = rest_.substr(0, rest_.find_first_of(" \t\r\n,]#"));
        if (token.empty())
            return failure("a value is missing", "write KEY = \"TEXT\" or KEY = NUMBER");
        auto const number = integer_text(token);
        bool const other = token == "true" || token == "false" || token == "inf" || token == "nan" ||
                           (token.find_first_of("0123456789") != std::string_view::npos &&
                            token.find_first_not_of("0123456789+-_.eE:TtZz") == std::string_view::npos);
        if (!number && !other)
            return failure(in_quotes(token) + " is no value", "write text in quotes: \"" + std::string(token) + "\"");
        value.kind = number ? Toml_value::Kind::integer : Toml_value::Kind::other;
        value.text = number.value_or(std::string(token));
        rest_.remove_prefix(token.size());
        return value;
    }

    Checked<Toml_value> parse_list(unsigned depth)
    {
        Toml_value list;
        list.kind = Toml_value::Kind::list;
        list.line = line_;
        if (depth == deepest_list)
            return failure("lists lie too deep in each other", "write [\"TEXT\", \"TEXT\"]");
        take("[");
        for (skip_lines(); !take("]"); skip_lines())
        {
            if (rest_.empty())
            {
                line_ = list.line;
                return failure("the list is not closed", "end it by ]");
            }
            list.items.push_back(OVM_CHECKED(parse_value(depth + 1)));
            skip_lines();
            if (!take(",") && !rest_.starts_with(']'))
                return failure("',' or ']' is missing in a list", "write [\"TEXT\", \"TEXT\"]");
        }
        return list;
    }

    Checked<std::string> parse_string()
    {
        auto const opened = line_;
        char const quote = rest_[0];
        std::string const triple(3, quote);
        bool const long_form = take(triple);
        if (!long_form)
            rest_.remove_prefix(1);
        else if (take("\n") || take("\r\n"))
            ++line_;
        std::string text;
        while (!rest_.empty())
        {
            // Up to two quotes may stand before the three that close.
            if (long_form && rest_.starts_with(triple) && !rest_.starts_with(triple + quote))
                return rest_.remove_prefix(3), text;
            char const character = rest_[0];
            if (!long_form && character == quote)
                return rest_.remove_prefix(1), text;
            if (character == '\n' && !long_form)
                break;
            if (character == '\\' && quote == '"')
            {
                OVM_CHECKED(parse_escape_sequence(text));
                continue;
            }
            line_ += character == '\n' ? 1 : 0;
            text += character;
            rest_.remove_prefix(1);
        }
        line_ = opened;
        return failure("the text is not closed",
                       std::string("end it by ") + (long_form ? triple : std::string(1, quote)));
    }

    Checked<> parse_escape_sequence(std::string& text)
    {
        take("\\");
        char const kind = rest_.empty() ? '\0' : rest_[0];
        constexpr std::string_view names = "btnfre\"\\";
        constexpr std::string_view values = "\b\t\n\f\r\x1b\"\\";
        if (auto const at = names.find(kind); kind != '\0' && at != std::string_view::npos)
        {
            text += values[at];
            rest_.remove_prefix(1);
            return {};
        }
        if (kind == 'u' || kind == 'U')
        {
            auto const digits = rest_.substr(1, kind == 'u' ? 4 : 8);
            auto const point = parse_number("0x" + std::string(digits));
            auto const bytes = point && digits.size() == (kind == 'u' ? 4u : 8u)
                                   ? utf8(static_cast<std::uint32_t>(*point))
                                   : std::string();
            if (bytes.empty())
                return failure("\\" + std::string(1, kind) + " is not followed by a character's number",
                               "write \\u00e9, or the character itself");
            text += bytes;
            rest_.remove_prefix(1 + digits.size());
            return {};
        }
        // A backslash at the end of a line swallows white space up to the next text.
        auto const next = rest_.find_first_not_of(" \t\r\n");
        auto const gap = rest_.substr(0, next);
        if (gap.contains('\n'))
        {
            line_ += static_cast<unsigned>(std::ranges::count(gap, '\n'));
            rest_.remove_prefix(gap.size());
            return {};
        }
        return failure("\\" + std::string(1, kind) + " is no escape sequence",
                       "write \\\\ for a backslash, or use '...'");
    }

    std::string_view rest_;
    const std::string& file_;
    unsigned line_ = 1;
    std::vector<Toml_table> tables_;
};

} // namespace

Checked<std::vector<Toml_table>> parse_toml(std::string_view text, const std::string& file)
{
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark))
        text.remove_prefix(byte_order_mark.size());
    return Parser(text, file).parse();
}

} // namespace ovm::launcher
