#pragma once

#include <array>
#include <string_view>

#include "base/text.hpp"

namespace ovm::interface
{

/// Takes OVM's own lines; without one they go straight to the serial port.
class Log_sink
{
public:
    /// One line, without its newline. Any core, any lock held but Rank::console and Rank::log.
    virtual void log_line(std::string_view line) = 0;

protected:
    ~Log_sink() = default;
};

/// From now on lines go to `sink`, which lives as long as the hypervisor.
void set_log_sink(Log_sink& sink);

void log_line(std::string_view line);

/// Writes one line into OVM's log; longer than 240 characters it is cut.
template <typename... Parts>
void log(const Parts&... parts)
{
    std::array<char, 240> storage{};
    Text_writer line(storage);
    (line << ... << parts);
    log_line(line.view());
}

} // namespace ovm::interface
