#pragma once

#include <optional>
#include <span>
#include <string>
#include <sys/types.h>

#include "launcher/emulator/command.hpp"
#include "launcher/failure.hpp"
#include "launcher/unique_descriptor.hpp"

namespace ovm::launcher
{

/// How a process ended.
struct Process_end
{
    bool signalled = false;
    int value = 0; ///< exit status, or the signal

    std::string text() const;
};

/// A running program that never outlives this object nor this process, even if we are killed. It has no terminal: a
/// group of its own, an empty standard input, and one pipe for both outputs.
class Child_process
{
public:
    /// Starts `command`; descriptors in `inherited` keep their numbers in it. `manual` is what to install if it is
    /// missing.
    static Checked<Child_process> start(const Command& command, std::span<const int> inherited,
                                        const std::string& manual);
    Child_process(Child_process&& other) noexcept
        : process_(std::exchange(other.process_, -1)), output_(std::move(other.output_)), end_(other.end_)
    {
    }
    Child_process& operator=(Child_process&&) = delete;
    ~Child_process() { stop(); }

    /// Where its standard output and error arrive.
    int output() const { return output_.get(); }
    /// How it ended, if it has; never waits.
    std::optional<Process_end> ended();
    /// Waits for its end.
    Process_end wait();
    /// Asks it to end, and makes it after two seconds.
    void stop();

private:
    Child_process(pid_t process, Unique_descriptor output) : process_(process), output_(std::move(output)) {}

    pid_t process_ = -1;
    Unique_descriptor output_;
    std::optional<Process_end> end_;
};

} // namespace ovm::launcher
