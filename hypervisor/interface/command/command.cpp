#include "interface/command/command.hpp"

namespace ovm::interface
{

Command* Command_table::find(std::string_view name) const
{
    for (auto const& entry : entries_)
    {
        if (entry.name == name)
        {
            OVM_PROMISES(entry.name.size() == name.size()); // what they say, no proof compares
            return entry.command;
        }
    }
    return nullptr;
}

Result<> split(std::string_view line, Words& words)
{
    OVM_PRESUMES(words.empty());
    std::size_t begin = 0; // of the word at hand
    for (std::size_t at = 0; at < line.size(); ++at)
    {
        OVM_LOOP_INVARIANT(begin <= at && words.size() <= Words::capacity());
        OVM_LOOP_INVARIANT(OVM_FOR_ALL(i, words.size(), !words[i].empty()));
        if (line[at] != ' ')
            continue;
        if (begin < at)
            OVM_TRY(words.push_back(line.substr(begin, at - begin)));
        begin = at + 1;
    }
    if (begin < line.size())
        OVM_TRY(words.push_back(line.substr(begin)));
    OVM_PROMISES(OVM_FOR_ALL(i, words.size(), !words[i].empty()));
    return {};
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
    auto const entries = table_.entries();
    auto const& command = *entries[invocation.place].command;
    invocation.answer(command.name(), command.usage().empty() ? "" : " ", command.usage(), ": ", command.help());
    return ++invocation.place == entries.size() ? Step::done : Step::again;
}

} // namespace ovm::interface
