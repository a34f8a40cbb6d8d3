#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "launcher/description/host.hpp"
#include "launcher/description/loaded_file.hpp"
#include "launcher/description/request.hpp"

namespace ovm::launcher
{

inline constexpr unsigned usual_weight = 100;

struct Module
{
    Loaded_file file;
    std::string text;
};

/// A guest with everything decided and its files read.
struct Guest
{
    std::string name;
    Loaded_file kernel;
    std::optional<Loaded_file> initrd;
    std::string command_line;
    unsigned vcpus = 1;
    std::uint64_t memory = 0;
    Boot_protocol boot = Boot_protocol::linux_64;
    std::optional<unsigned> debug_exit;
    Population population = Population::eager;
    unsigned weight = usual_weight;
    std::uint64_t budget = 0;  ///< nanoseconds in each period; 0: no reservation
    std::uint64_t period = 0;  ///< nanoseconds
    std::uint64_t latency = 0; ///< nanoseconds; 0: no wish
    std::vector<Module> modules;
};

/// The computer and its guests with everything decided.
struct Machine
{
    unsigned cores = 1;
    unsigned nodes = 1;
    std::uint64_t memory = 0;
    On_reset on_reset = On_reset::restart;
    unsigned escape = 1;
    std::vector<Guest> guests;
};

/// What decides where the request is silent.
struct Defaults
{
    Host host;
    std::string kernel; ///< of guests that name none; empty: they must
    std::string initrd; ///< beside that kernel; may be empty
    bool headless = false;
    bool one_core = false; ///< --deterministic
};

/// Decides what the request left open, reads the files and refuses what could not work. Without any guest there are two
/// Debian ones.
Checked<Machine> make_machine(Machine_request request, const Defaults& defaults);

} // namespace ovm::launcher
