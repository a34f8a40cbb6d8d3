#pragma once

#include <string>
#include <vector>

#include "launcher/failure.hpp"
#include "launcher/unique_descriptor.hpp"

namespace ovm::launcher
{

/// The two serial lines between this program and an emulated computer. Both go both ways where the
/// emulator can.
struct Channels
{
    Unique_descriptor console;          ///< our end of COM1, non-blocking
    Unique_descriptor records;          ///< our end of COM2, non-blocking
    std::vector<Unique_descriptor> far; ///< the emulator's ends, to be inherited, and closed here once it runs
    std::string console_name;           ///< how the emulator's command line names them
    std::string records_name;

    /// Socket pairs for QEMU's `-chardev socket,fd=N`.
    static Checked<Channels> sockets();
    /// Named pipes for an emulator that writes serial output into files.
    static Checked<Channels> pipes(const std::string& console_file, const std::string& records_file);
};

} // namespace ovm::launcher
