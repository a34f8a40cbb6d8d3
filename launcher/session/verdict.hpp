#pragma once

#include "launcher/session/record_reader.hpp"

namespace ovm::launcher
{

/// The exit statuses of the launcher beside those of Finish_status.
inline constexpr int status_bad_input = 2;
inline constexpr int status_hypervisor_crashed = 4;
inline constexpr int status_timeout = 124;
inline constexpr int status_signal = 128; ///< plus the signal

/// Gathers from records how the machine fared. The gravest word decides: the hypervisor crashed (4), its configuration
/// was bad (2), a guest crashed or could not start (3), a debug-exit value was not zero (1), all is well (0).
class Verdict
{
public:
    void note(const Record& record);
    /// The emulator ended, or OVM stopped answering, before it said that it is done.
    void hypervisor_lost() { hypervisor_crashed_ = true; }

    bool up() const { return up_; }
    bool finished() const { return finished_; }
    bool hypervisor_crashed() const { return hypervisor_crashed_; }
    int status() const;

private:
    bool up_ = false;
    bool finished_ = false;
    bool hypervisor_crashed_ = false;
    bool bad_configuration_ = false;
    bool guest_crashed_ = false;
    bool debug_exit_not_zero_ = false;
};

} // namespace ovm::launcher
