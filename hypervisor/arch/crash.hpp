#pragma once

#include <cstdint>
#include <string_view>

/// What happens when the hypervisor itself breaks: a record on serial and screen, kept in RAM for the next boot.
namespace ovm::arch
{

/// Gets each line of a crash record beside serial and screen, to send it on in its own form.
class Crash_sink
{
public:
    /// The core that crashed calls this, anywhere, all other cores stopped: take no lock, allocate nothing.
    virtual void crash_line(std::string_view line) = 0;
    /// After the last line, before the machine stops for good; not when it resets and starts again.
    virtual void crash_done() = 0;

protected:
    ~Crash_sink() = default;
};

void set_crash_sink(Crash_sink& sink);

/// What to do after the record; `crash=stop|reset` on the command line chooses, stop is the default.
enum class After_crash : std::uint8_t
{
    stop,
    reset
};
void set_after_crash(After_crash action);

/// The previous run's crash record, if boot found one in RAM; else empty. Boot has printed it.
std::string_view previous_crash();

} // namespace ovm::arch
