#include "compile_command.hpp"

#include <algorithm>

namespace ovm::compiler
{
namespace
{

bool is_source(const std::string& argument)
{
    return !argument.starts_with('-') &&
           std::ranges::any_of(std::vector<std::string>{".cpp", ".cc", ".cxx", ".C"},
                               [&](const std::string& end) { return argument.ends_with(end); });
}

} // namespace

bool take_apart(const std::vector<std::string>& command, Compile_command& parts)
{
    static const std::vector<std::string> with_value{"-I",       "-D",      "-U", "-isystem",
                                                     "-include", "-Xclang", "-x", "-target"};
    for (std::size_t i = 0; i < command.size(); ++i)
    {
        const std::string& argument = command[i];
        const std::string value = i + 1 < command.size() ? command[i + 1] : "";
        if (argument == "-o")
        {
            parts.object = value;
            ++i;
        }
        else if (argument == "-MF" || argument == "-MT" || argument == "-MQ")
        {
            parts.dependencies.insert(parts.dependencies.end(), {argument, value});
            ++i;
        }
        else if (argument == "-MD" || argument == "-MMD")
        {
            parts.dependencies.push_back(argument);
        }
        else if (i > 0 && is_source(argument))
        {
            if (!parts.source.empty())
            {
                return false;
            }
            parts.source = argument;
        }
        else if (argument != "-c")
        {
            parts.flags.push_back(argument);
            if (std::ranges::find(with_value, argument) != with_value.end())
            {
                parts.flags.push_back(value);
                ++i;
            }
        }
    }
    return !parts.source.empty() && !parts.flags.empty();
}

} // namespace ovm::compiler
