#pragma once

#include <cstdint>
#include <string_view>

#include "boot/commands/commands.hpp"
#include "processor/timer.hpp"

namespace ovm::boot
{

/// Plays the boot archive's console.script: lines of `NANOSECONDS COMMAND`, each entered as if a person had typed it so
/// long after OVM came up, or as soon after that as those before it leave room (docs/reference/boot-archive.md).
/// Concurrency: core 0. Lifetime: as long as the machine, and the text it was given.
class Script final : private processor::Timer
{
public:
    Script(Commands& commands, processor::Timer_service& timers) : commands_(commands), timers_(timers) {}

    /// Time begins now.
    void play(std::string_view text);

private:
    void fired(Ticks now) override;
    void arm_next();

    Commands& commands_;
    processor::Timer_service& timers_;
    std::string_view rest_{}; ///< from the line that is next
    Ticks begun_{};
};

} // namespace ovm::boot
