#include "launcher/emulator/command.hpp"

#include <algorithm>
#include <sstream>

#include "launcher/description/text.hpp"

namespace ovm::launcher
{

namespace
{

bool needs_quotes(const std::string& word)
{
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";
    return word.empty() || word.find_first_not_of(plain) != std::string::npos;
}

} // namespace

std::string shell_line(const Command& command)
{
    std::string line;
    for (auto const& word : command)
    {
        if (!line.empty())
            line += ' ';
        if (!needs_quotes(word))
        {
            line += word;
            continue;
        }
        line += '\'';
        for (char const character : word)
        {
            if (character == '\'')
                line += "'\\''";
            else
                line += character;
        }
        line += '\'';
    }
    return line;
}

std::string ovm_command_line(const Ovm_words& words)
{
    std::string line = words.headless ? "console=records" : "console=terminal";
    if (words.records)
        line = "records=com2 " + line;
    return words.more.empty() ? line : line + " " + words.more;
}

bool resets_after_crash(std::string_view command_line)
{
    std::istringstream words{std::string(command_line)};
    bool reset = false;
    for (std::string word; words >> word;)
    {
        if (word.starts_with("crash="))
            reset = word == "crash=reset";
    }
    return reset;
}

std::string debugger_line(const std::string& ovm)
{
    return shell_line({"gdb", "-ex", "set architecture i386:x86-64", "-ex", "target remote localhost:1234", "-ex",
                       "hbreak ovm_main", ovm});
}

} // namespace ovm::launcher
