#include "interface/command/command.hpp"

namespace ovm::interface
{

Command* Command_table::find(std::string_view name) const
{
    for (auto* const command : commands_)
    {
        if (command->name() == name)
            return command;
    }
    return nullptr;
}

Result<Words> split(std::string_view line)
{
    Words words{};
    while (true)
    {
        auto const begin = line.find_first_not_of(' ');
        if (begin == std::string_view::npos)
            return words;
        line.remove_prefix(begin);
        auto const length = line.substr(0, line.find(' ')).size();
        OVM_TRY(words.push_back(line.substr(0, length)));
        line.remove_prefix(length);
    }
}

Command::Step Help_command::run(Invocation& invocation)
{
    if (invocation.arguments() == 1)
    {
        auto const* const command = table_.find(invocation.argument(0));
        if (command == nullptr)
            invocation.answer("there is no command ", invocation.argument(0), ": `help` lists them");
        else
            invocation.answer(command->name(), ' ', command->usage(), ": ", command->help());
        return Step::done;
    }
    auto const commands = table_.commands();
    auto const& command = *commands[invocation.place];
    invocation.answer(command.name(), command.usage().empty() ? "" : " ", command.usage(), ": ", command.help());
    return ++invocation.place == commands.size() ? Step::done : Step::again;
}

} // namespace ovm::interface
