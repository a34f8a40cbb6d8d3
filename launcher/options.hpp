#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "launcher/description/request.hpp"
#include "launcher/failure.hpp"

namespace ovm::launcher
{

enum class Emulator
{
    qemu,
    bochs
};
enum class Accelerator_wish
{
    tcg,
    kvm,
    automatic
};

/// The command line, taken apart.
struct Options
{
    Machine_request machine; ///< of --cores and the like, and of --guest
    std::string description; ///< --machine
    bool headless = false;
    std::optional<std::string> raw;
    std::optional<double> timeout; ///< seconds
    bool deterministic = false;
    Emulator emulator = Emulator::qemu;
    Accelerator_wish accelerator = Accelerator_wish::tcg;
    bool wait_for_debugger = false;
    bool dry_run = false;
    std::string image; ///< --iso
    std::string console_script;
    std::vector<std::string> modules; ///< files that OVM may be told to load
    std::vector<std::string> keys;    ///< public ones that it trusts
    std::string control;              ///< a socket by which programs reach OVM
    bool verbose = false;
    std::string append;
    std::string ovm;
    std::string processor;
    std::string default_kernel;
    std::string default_initrd;
    std::string emulator_program;
};

/// A text that was asked for instead of a run, as --help.
struct Help
{
    std::string text;
};

Checked<std::variant<Options, Help>> parse_options(int count, const char* const* words);

} // namespace ovm::launcher
