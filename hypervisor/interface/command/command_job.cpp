#include "interface/command/command_job.hpp"

#include "arch/injection.hpp"
#include "arch/processor.hpp"

namespace ovm::interface
{

void Command_job::say(std::string_view what, std::string_view word, std::string_view rest)
{
    std::array<char, 240> storage{};
    Text_writer text(storage);
    text << what << word << rest;
    sink_.line(text.view());
}

void Command_job::enter(std::string_view line, std::string_view who)
{
    if (line.size() > line_most)
        return say("this line is too long", {}, {});
    if (full())
        return say("too many commands are waiting; not done: ", line, {});
    lines_[entered_ % waiting_most] = {Text<line_most>(line), who};
    ++entered_;
    start(arch::this_core());
}

void Command_job::begin(const Line& line)
{
    Words words{};
    if (!split(line.text.view(), words))
        return say("this line has too many words", {}, {});
    if (words.empty())
        return;
    auto* const command = table_.find(words[0]);
    if (command == nullptr)
        return say("there is no command ", words[0], ": `help` lists them");
    auto const arguments = words.size() - 1;
    if (arguments < command->least_arguments() || arguments > command->most_arguments())
    {
        std::array<char, 240> storage{};
        Text_writer text(storage);
        text << "usage: " << command->name() << ' ' << command->usage();
        return sink_.line(text.view());
    }
    command_ = command;
    invocation_.emplace(words, line.who, sink_);
}

/// The command at hand is given up, and whoever entered it is told.
object::Job::Step Command_job::faulted(const arch::Fault& fault)
{
    say("this command failed in OVM itself: ", fault.what, {});
    command_ = nullptr;
    ++taken_;
    return idle() ? Step::done : Step::again;
}

object::Job::Step Command_job::step()
{
    if (idle())
        return Step::done;
    if (!sink_.ready())
        return Step::again;
    if (command_ == nullptr)
        begin(lines_[taken_ % waiting_most]);
    if (command_ != nullptr)
    {
        arch::injection_point("command: before a slice");
        auto const done = command_->run(*invocation_) == Command::Step::done;
        ++invocation_->step;
        if (!done)
            return Step::again;
        command_ = nullptr;
    }
    ++taken_;
    return idle() ? Step::done : Step::again;
}

} // namespace ovm::interface
