#include "launcher/description/request.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "launcher/description/text.hpp"

namespace ovm::launcher
{

namespace
{

constexpr std::array<std::string_view, 14> all_guest_keys{"name",   "kernel", "initrd",     "cmdline",    "vcpus",
                                                          "memory", "boot",   "debug-exit", "population", "module",
                                                          "weight", "budget", "period",     "latency"};
constexpr std::array<std::string_view, 5> all_machine_keys{"cores", "nodes", "memory", "on-reset", "escape"};
constexpr std::size_t longest_name = 32;
constexpr std::uint64_t microsecond = 1000;
constexpr std::uint64_t longest_duration = 4'000'000 * microsecond;

/// One `key = text` on its way into a setting.
struct Entry
{
    std::string_view key;
    const std::string& text;
    const std::string& where;

    Failure failure(std::string what, std::string mend) const { return {where, std::move(what), std::move(mend)}; }
    std::string shown() const { return std::string(key) + " is " + in_quotes(text); }
};

Checked<> store_number(Optional_setting<unsigned>& setting, const Entry& entry, unsigned least, unsigned most)
{
    auto const number = parse_number(entry.text);
    if (!number || *number < least || *number > most)
        return entry.failure(entry.shown(),
                             "give a number from " + std::to_string(least) + " to " + std::to_string(most));
    setting = {static_cast<unsigned>(*number), entry.where};
    return {};
}

Checked<> store_size(Optional_setting<std::uint64_t>& setting, const Entry& entry)
{
    auto const size = parse_size(entry.text);
    if (!size)
        return entry.failure(entry.shown(), "give a size as 256M or 1G");
    if (*size < mebibyte || *size % mebibyte != 0)
    {
        auto const meant = *size != 0 && *size < mebibyte ? "did you mean " + std::to_string(*size) + "M?"
                                                          : std::string("give a size as 256M or 1G");
        return entry.failure(entry.shown() + ", which is not a whole number of MiB", meant);
    }
    if (*size > 500 * gibibyte)
        return entry.failure(entry.shown(), "give at most 500G");
    setting = {*size, entry.where};
    return {};
}

Checked<> store_duration(Optional_setting<std::uint64_t>& setting, const Entry& entry, std::uint64_t least)
{
    auto const duration = parse_duration(entry.text);
    if (!duration)
    {
        bool const bare = parse_decimal(entry.text, 9).has_value();
        return entry.failure(entry.shown(), bare ? "write its unit too: " + entry.text + "ms or " + entry.text + "us"
                                                 : std::string("give a duration as 5ms or 500us"));
    }
    if (*duration < least || *duration > longest_duration)
        return entry.failure(entry.shown(),
                             "give a duration from " + duration_text(least) + " to " + duration_text(longest_duration));
    setting = {*duration, entry.where};
    return {};
}

template <typename T>
Checked<> store_word(Optional_setting<T>& setting, const Entry& entry,
                     std::initializer_list<std::pair<std::string_view, T>> words)
{
    std::vector<std::string_view> names;
    for (auto const& [name, value] : words)
    {
        if (entry.text == name)
        {
            setting = {value, entry.where};
            return {};
        }
        names.push_back(name);
    }
    return entry.failure(entry.shown(), "give " + join_words(names, " or "));
}

Checked<> store_name(Optional_setting<std::string>& setting, const Entry& entry)
{
    auto const fits = [](char character)
    {
        return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
               (character >= '0' && character <= '9') || character == '-' || character == '_' || character == '.';
    };
    if (entry.text.empty() || entry.text.size() > longest_name || entry.text.starts_with('.') ||
        !std::ranges::all_of(entry.text, fits))
        return entry.failure(entry.shown(), "give 1 to 32 letters, digits, '-', '_' and '.', not starting with '.'");
    if (entry.text == "ovm")
        return entry.failure("name is 'ovm', which marks the hypervisor's own lines", "give another name");
    setting = {entry.text, entry.where};
    return {};
}

std::string in_folder(const std::string& file, const std::string& folder)
{
    std::filesystem::path const path(file);
    return folder.empty() || path.is_absolute() ? file : (std::filesystem::path(folder) / path).string();
}

Checked<> store_file(Optional_setting<std::string>& setting, const Entry& entry, const std::string& folder)
{
    if (entry.text.empty())
        return entry.failure(std::string(entry.key) + " is empty", "give the name of a file");
    setting = {in_folder(entry.text, folder), entry.where};
    return {};
}

Checked<> store_line(Optional_setting<std::string>& setting, const Entry& entry)
{
    if (!fits_one_line(entry.text))
        return entry.failure(std::string(entry.key) + " holds a line break or another control character",
                             "write it as one line");
    setting = {entry.text, entry.where};
    return {};
}

Checked<> store_module(std::vector<Setting<Module_request>>& modules, const Entry& entry, const std::string& folder)
{
    auto const space = entry.text.find(' ');
    auto const file = entry.text.substr(0, space);
    if (file.empty())
        return entry.failure("module is " + in_quotes(entry.text), "give FILE, or FILE TEXT");
    auto const text = space == std::string::npos ? std::string() : entry.text.substr(space + 1);
    if (!fits_one_line(text))
        return entry.failure("module's text holds a control character", "write it as one line");
    modules.push_back({{in_folder(file, folder), text}, entry.where});
    return {};
}

Failure unknown_key(const Entry& entry, std::span<const std::string_view> keys)
{
    auto const near = nearest(entry.key, keys);
    return entry.failure("unknown key " + in_quotes(entry.key),
                         near ? "did you mean " + in_quotes(*near) + "?" : "known keys are " + join_words(keys));
}

template <typename T>
void lay_over(std::optional<T>& below, std::optional<T>& above)
{
    if (above)
        below = std::move(above);
}

void lay_over(Guest_request& below, Guest_request& above)
{
    lay_over(below.kernel, above.kernel);
    lay_over(below.initrd, above.initrd);
    lay_over(below.command_line, above.command_line);
    lay_over(below.vcpus, above.vcpus);
    lay_over(below.memory, above.memory);
    lay_over(below.boot, above.boot);
    lay_over(below.debug_exit, above.debug_exit);
    lay_over(below.population, above.population);
    lay_over(below.weight, above.weight);
    lay_over(below.budget, above.budget);
    lay_over(below.period, above.period);
    lay_over(below.latency, above.latency);
    if (!above.modules.empty())
        below.modules = std::move(above.modules);
}

} // namespace

std::span<const std::string_view> guest_keys()
{
    return all_guest_keys;
}

std::span<const std::string_view> machine_keys()
{
    return all_machine_keys;
}

Checked<> set_guest(Guest_request& guest, std::string_view key, const std::string& text, const std::string& where,
                    const std::string& folder)
{
    Entry const entry{key, text, where};
    if (key == "name")
        return store_name(guest.name, entry);
    if (key == "kernel")
        return store_file(guest.kernel, entry, folder);
    if (key == "initrd")
        return store_file(guest.initrd, entry, folder);
    if (key == "cmdline")
        return store_line(guest.command_line, entry);
    if (key == "vcpus")
        return store_number(guest.vcpus, entry, 1, 16);
    if (key == "memory")
        return store_size(guest.memory, entry);
    if (key == "boot")
        return store_word<Boot_protocol>(
            guest.boot, entry,
            {{"linux", Boot_protocol::linux_64}, {"pvh", Boot_protocol::pvh}, {"multiboot", Boot_protocol::multiboot}});
    if (key == "debug-exit")
        return store_number(guest.debug_exit, entry, 1, 65535);
    if (key == "population")
        return store_word<Population>(guest.population, entry,
                                      {{"eager", Population::eager}, {"lazy", Population::lazy}});
    if (key == "weight")
        return store_number(guest.weight, entry, 1, 10000);
    if (key == "budget")
        return store_duration(guest.budget, entry, 50 * microsecond);
    if (key == "period")
        return store_duration(guest.period, entry, 100 * microsecond);
    if (key == "latency")
        return store_duration(guest.latency, entry, microsecond);
    if (key == "module")
        return store_module(guest.modules, entry, folder);
    return unknown_key(entry, all_guest_keys);
}

Checked<> set_machine(Machine_request& machine, std::string_view key, const std::string& text, const std::string& where)
{
    Entry const entry{key, text, where};
    if (key == "cores")
        return store_number(machine.cores, entry, 1, 64);
    if (key == "nodes")
        return store_number(machine.nodes, entry, 1, 8);
    if (key == "memory")
        return store_size(machine.memory, entry);
    if (key == "on-reset")
        return store_word<On_reset>(machine.on_reset, entry, {{"end", On_reset::end}, {"restart", On_reset::restart}});
    if (key == "escape")
    {
        auto const code = parse_escape(text);
        if (!code)
            return entry.failure(entry.shown(), "give a letter other than h, i, j and m: 'b' is Ctrl-B");
        machine.escape = {*code, where};
        return {};
    }
    return unknown_key(entry, all_machine_keys);
}

Machine_request overlay(Machine_request below, Machine_request above)
{
    lay_over(below.cores, above.cores);
    lay_over(below.nodes, above.nodes);
    lay_over(below.memory, above.memory);
    lay_over(below.on_reset, above.on_reset);
    lay_over(below.escape, above.escape);
    std::size_t const described = below.guests.size();
    for (auto& guest : above.guests)
    {
        bool found = false;
        for (std::size_t i = 0; i < described && guest.name; ++i)
        {
            if (below.guests[i].name && below.guests[i].name->value == guest.name->value)
            {
                lay_over(below.guests[i], guest);
                found = true;
                break;
            }
        }
        if (!found)
            below.guests.push_back(std::move(guest));
    }
    return below;
}

} // namespace ovm::launcher
