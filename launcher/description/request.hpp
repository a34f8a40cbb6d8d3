#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/failure.hpp"

namespace ovm::launcher
{

enum class Boot_protocol
{
    linux_64,
    pvh,
    multiboot
};
enum class Population
{
    eager,
    lazy
};
enum class On_reset
{
    end,
    restart
};

/// A value, and where the person wrote it, so that a later complaint can say so.
template <typename T>
struct Setting
{
    T value{};
    std::string where;
};

template <typename T>
using Optional_setting = std::optional<Setting<T>>;

/// A multiboot module: its file, and the text that the kernel gets with it.
struct Module_request
{
    std::string file;
    std::string text;
};

/// What a person said about one guest; what was not said is decided later (machine.hpp).
struct Guest_request
{
    std::string where;
    Optional_setting<std::string> name;
    Optional_setting<std::string> kernel;
    Optional_setting<std::string> initrd;
    Optional_setting<std::string> command_line;
    Optional_setting<unsigned> vcpus;
    Optional_setting<std::uint64_t> memory;
    Optional_setting<Boot_protocol> boot;
    Optional_setting<unsigned> debug_exit;
    Optional_setting<Population> population;
    Optional_setting<unsigned> weight;
    Optional_setting<std::uint64_t> budget; ///< nanoseconds, as the next two
    Optional_setting<std::uint64_t> period;
    Optional_setting<std::uint64_t> latency;
    std::vector<Setting<Module_request>> modules;
};

/// What a person said about the computer and its guests.
struct Machine_request
{
    Optional_setting<unsigned> cores;
    Optional_setting<unsigned> nodes;
    Optional_setting<std::uint64_t> memory;
    Optional_setting<On_reset> on_reset;
    Optional_setting<unsigned> escape;
    std::vector<Guest_request> guests;
};

std::span<const std::string_view> guest_keys();
std::span<const std::string_view> machine_keys();

/// Takes one `key = text` about a guest. Relative file names start at `folder`, which may be empty.
Checked<> set_guest(Guest_request& guest, std::string_view key, const std::string& text, const std::string& where,
                    const std::string& folder = "");

/// Takes one `key = text` about the computer.
Checked<> set_machine(Machine_request& machine, std::string_view key, const std::string& text,
                      const std::string& where);

/// Lays what `above` says over what `below` says: settings replace, guests of the same name are laid over each other,
/// other guests are added.
Machine_request overlay(Machine_request below, Machine_request above);

} // namespace ovm::launcher
