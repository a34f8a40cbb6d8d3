#include "launcher/description/console_script.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include "launcher/description/text.hpp"
#include "launcher/unique_descriptor.hpp"

namespace ovm::launcher
{

namespace
{

constexpr std::size_t largest_script = mebibyte;
constexpr std::size_t longest_command = 200;
constexpr unsigned nanosecond_places = 9;
constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t latest = 100'000'000 * second;
constexpr std::string_view blanks = " \t\r";
constexpr std::string_view time_forms = "seconds since OVM came up, as 2 or 0.5, or since the line before, as +0.5";

/// The line's words with one space between them, without a comment: that begins at a word that begins with #.
std::string plain_words(std::string_view line)
{
    std::string result;
    while (true)
    {
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        if (line.empty() || line.starts_with('#'))
            return result;
        auto const word = line.substr(0, line.find_first_of(blanks));
        line.remove_prefix(word.size());
        result += (result.empty() ? "" : " ");
        result += word;
    }
}

/// Seconds as they are shown to people.
std::string seconds_text(std::uint64_t nanoseconds)
{
    auto fraction = std::to_string(second + nanoseconds % second).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return std::to_string(nanoseconds / second) + (fraction.empty() ? "" : "." + fraction);
}

/// Takes a script line by line.
class Script_parser
{
public:
    explicit Script_parser(const std::string& file) : file_(file) {}

    Checked<std::string> parse(std::string_view text)
    {
        while (!text.empty())
        {
            ++line_;
            auto const end = std::min(text.find('\n'), text.size());
            OVM_CHECKED(take_line(text.substr(0, end)));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        if (result_.empty())
            return Failure{file_, "there is no command in the console script",
                           "write lines as '2.5 vms': a time and a command"};
        return std::move(result_);
    }

private:
    Failure failure(std::string what, std::string mend) const
    {
        return {file_ + ":" + std::to_string(line_), std::move(what), std::move(mend)};
    }

    Checked<> take_line(std::string_view line)
    {
        auto const words = plain_words(line);
        if (words.empty())
            return {};
        auto const space = words.find(' ');
        auto const time = OVM_CHECKED(parse_time(words.substr(0, space)));
        if (space == std::string::npos)
            return failure("there is no command after the time", "write TIME COMMAND, as '2.5 vms'");
        auto const command = words.substr(space + 1);
        if (!fits_one_line(command))
            return failure("the command holds a control character", "write it as plain text");
        if (command.size() > longest_command)
            return failure("the command is " + std::to_string(command.size()) + " bytes long",
                           "shorten it to " + std::to_string(longest_command));
        result_ += std::to_string(time) + " " + command + "\n";
        time_ = time;
        time_line_ = line_;
        return {};
    }

    Checked<std::uint64_t> parse_time(const std::string& word) const
    {
        bool const relative = word.starts_with('+');
        auto const number = word.substr(relative ? 1 : 0);
        auto const time = parse_decimal(number, nanosecond_places);
        if (!time)
            return failure(in_quotes(word) + " is no time", "begin the line with " + std::string(time_forms));
        if (*time > latest || (relative && time_ + *time > latest))
            return failure(in_quotes(word) + " is too late", "give at most " + seconds_text(latest) + " seconds");
        if (relative)
            return time_ + *time;
        if (*time < time_)
            return failure("time goes backwards: " + word + " comes after " + seconds_text(time_) + " in line " +
                               std::to_string(time_line_),
                           "put the lines in order of time, or write +SECONDS");
        return *time;
    }

    const std::string& file_;
    std::string result_;
    std::uint64_t time_ = 0; ///< of the last command, in nanoseconds
    unsigned time_line_ = 0;
    unsigned line_ = 0;
};

} // namespace

Checked<std::string> parse_console_script(std::string_view text, const std::string& file)
{
    return Script_parser(file).parse(text);
}

Checked<std::string> read_console_script(const std::string& file)
{
    std::error_code error;
    if (!std::filesystem::exists(file, error))
        return Failure{file, "there is no such console script", "give --console-script the name of a file"};
    if (std::filesystem::is_directory(file, error))
        return Failure{file, "the console script is a folder", "give --console-script the name of a file"};
    // A stream takes an error in the middle of a file for its end, and commands would be lost without a word.
    Unique_descriptor const descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text(largest_script + 1, '\0');
    std::size_t size = 0;
    ssize_t taken = descriptor.get() < 0 ? -1 : 1;
    while (taken > 0 && size < text.size())
    {
        taken = read(descriptor.get(), text.data() + size, text.size() - size);
        size += static_cast<std::size_t>(std::max<ssize_t>(taken, 0));
    }
    if (taken < 0)
        return Failure{file, std::string("the console script cannot be read: ") + std::strerror(errno),
                       "check the file and its permissions"};
    text.resize(size);
    if (text.size() > largest_script)
        return Failure{file, "the console script is longer than " + size_text(largest_script), "shorten it"};
    return parse_console_script(text, file);
}

} // namespace ovm::launcher
