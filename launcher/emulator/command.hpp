#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "launcher/description/machine.hpp"

namespace ovm::launcher
{

/// A program and its arguments.
using Command = std::vector<std::string>;

/// The command as one line that a POSIX shell reads back as the same words.
std::string shell_line(const Command& command);

enum class Accelerator
{
    tcg,
    kvm
};

/// OVM's command line (docs/reference/boot-archive.md).
struct Ovm_words
{
    bool records = true;
    bool headless = false;
    std::string more; ///< --append
};
std::string ovm_command_line(const Ovm_words& words);

/// True when the words ask OVM to reset the computer after a crash, which the emulator must then allow.
bool resets_after_crash(std::string_view command_line);

struct Qemu_settings
{
    std::string program = "qemu-system-x86_64";
    std::string ovm;     ///< the hypervisor's image
    std::string archive; ///< the boot archive
    std::string command_line;
    Accelerator accelerator = Accelerator::tcg;
    std::string processor; ///< -cpu; empty: the usual one
    bool deterministic = false;
    bool wait_for_debugger = false;
    std::string console; ///< back end of COM1, without its id: `stdio`
    std::string records; ///< back end of COM2
};
Command qemu_command(const Machine& machine, const Qemu_settings& settings);

struct Bochs_settings
{
    std::string program = "bochs";
    std::string image;         ///< a GRUB image with OVM and its guests
    std::string configuration; ///< the file that bochs_configuration's text is written to
    std::string commands;      ///< a file of debugger commands: `c`
    std::string processor;     ///< Bochs' cpu model; empty: the usual one
    std::string console;       ///< file or named pipe that COM1 writes to
    std::string records;       ///< the same for COM2
    std::string log;           ///< file of Bochs' own log
};
std::string bochs_configuration(const Machine& machine, const Bochs_settings& settings);
Command bochs_command(const Bochs_settings& settings);

/// How to debug OVM in an emulator that waits (`--gdb`).
std::string debugger_line(const std::string& ovm);

} // namespace ovm::launcher
