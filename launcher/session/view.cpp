#include "launcher/session/view.hpp"

#include <algorithm>

namespace ovm::launcher
{

namespace
{

constexpr std::size_t longest_line = 64 * 1024; ///< a guest that never ends its line cannot fill our memory
constexpr std::size_t held_lines = 200;

std::string without_returns(std::string_view text)
{
    std::string result;
    std::ranges::copy_if(text, std::back_inserter(result), [](char character) { return character != '\r'; });
    return result;
}

} // namespace

std::string end_text(const End_report& report)
{
    auto const with_detail = [&](std::string text)
    { return report.detail.empty() ? text : text + ": " + without_returns(report.detail); };
    switch (report.reason)
    {
    case End_reason::powered_off:
        return "powered off";
    case End_reason::reset:
        return "reset";
    case End_reason::debug_exit:
        return "wrote " + std::to_string(report.value) + " to its debug-exit port";
    case End_reason::halted:
        return "halted for good, interrupts off on every vcpu";
    case End_reason::crashed:
        return with_detail("crashed");
    case End_reason::could_not_start:
        return with_detail("could not start");
    }
    return "ended";
}

std::string Headless_view::name_of(unsigned vm) const
{
    if (vm == 0)
        return "ovm";
    return vm <= settings_.names.size() ? settings_.names[vm - 1] : "vm" + std::to_string(vm);
}

void Headless_view::say(std::string_view name, std::string_view line, Outputs& outputs)
{
    auto& target = settings_.raw ? outputs.error : outputs.out;
    target += name;
    target += ": ";
    target += without_returns(line);
    target += '\n';
}

void Headless_view::flush(std::size_t index, Outputs& outputs)
{
    if (partial_[index].empty())
        return;
    say(settings_.names[index], partial_[index], outputs);
    partial_[index].clear();
}

void Headless_view::guest_output(unsigned vm, std::string_view bytes, Outputs& outputs)
{
    if (vm == 0 || vm > settings_.names.size())
        return;
    auto const index = vm - 1;
    if (settings_.raw)
    {
        if (*settings_.raw == index)
            outputs.out += bytes;
        return;
    }
    for (char const byte : bytes)
    {
        if (byte == '\n')
        {
            say(settings_.names[index], partial_[index], outputs);
            partial_[index].clear();
            continue;
        }
        partial_[index] += byte;
        if (partial_[index].size() >= longest_line)
            flush(index, outputs);
    }
}

void Headless_view::record(const Record& record, Outputs& outputs)
{
    records_came_ = true;
    if (record.vm != 0 && record.vm <= partial_.size() && record.type != Record_type::output)
        flush(record.vm - 1, outputs);
    switch (record.type)
    {
    case Record_type::output:
        return guest_output(record.vm, record.payload, outputs);
    case Record_type::log:
    case Record_type::crash:
        return log_line(record, outputs);
    case Record_type::guest_stop:
        return say(name_of(record.vm), record.payload, outputs);
    case Record_type::ended:
        return say(name_of(record.vm), end_text(read_end(record.payload)), outputs);
    case Record_type::restarted:
        return say(name_of(record.vm), "restarted", outputs);
    case Record_type::up:
        if (settings_.verbose)
            say("ovm", "up: " + std::string(record.payload), outputs);
        return;
    case Record_type::vm:
    case Record_type::answer:
    case Record_type::finished:
        return;
    }
}

void Headless_view::log_line(const Record& record, Outputs& outputs)
{
    say(name_of(record.vm), record.payload, outputs);
    auto line = without_returns(record.payload);
    if (auto const held = std::ranges::find(held_, line); held != held_.end())
    {
        held_.erase(held);
        return;
    }
    logged_.push_back(std::move(line));
    if (logged_.size() > held_lines)
        logged_.pop_front();
}

void Headless_view::console_line(Outputs& outputs)
{
    std::string line = without_returns(console_partial_);
    console_partial_.clear();
    if (line.starts_with("ovm: "))
        line.erase(0, 5);
    if (settings_.verbose)
        outputs.error += "com1: " + line + "\n";
    else if (!records_came_ && console_shown_)
        say("ovm", line, outputs);
    else if (auto const known = std::ranges::find(logged_, line); known != logged_.end())
        logged_.erase(known);
    else if (!line.empty())
        held_.push_back(std::move(line));
    if (held_.size() > held_lines)
        held_.pop_front();
}

void Headless_view::console(std::string_view bytes, Outputs& outputs)
{
    for (char const byte : bytes)
    {
        if (byte != '\n')
            console_partial_ += byte;
        if (byte == '\n' || console_partial_.size() >= longest_line)
            console_line(outputs);
    }
}

void Headless_view::show_held(Outputs& outputs)
{
    for (auto const& line : held_)
        say("ovm", line, outputs);
    held_.clear();
}

void Headless_view::no_records(Outputs& outputs)
{
    if (records_came_)
        return;
    console_shown_ = true;
    show_held(outputs);
}

void Headless_view::finish(bool lost, Outputs& outputs)
{
    for (std::size_t i = 0; i < partial_.size(); ++i)
        flush(i, outputs);
    if (!console_partial_.empty())
        console_line(outputs);
    if (lost)
        show_held(outputs);
}

} // namespace ovm::launcher
