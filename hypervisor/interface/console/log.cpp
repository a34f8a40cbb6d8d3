#include "interface/console/log.hpp"

#include <atomic>

#include "arch/processor.hpp"

namespace ovm::interface
{

namespace
{

// Global, since a line may be logged from any place on any core, also before and after any object lives.
std::atomic<Log_sink*> current_sink{nullptr};

} // namespace

void set_log_sink(Log_sink& sink)
{
    current_sink.store(&sink, std::memory_order_release);
}

void log_line(std::string_view line)
{
    if (auto* sink = current_sink.load(std::memory_order_acquire))
        return sink->log_line(line);
    arch::write_serial("ovm: ");
    arch::write_serial(line);
    arch::write_serial("\r\n");
}

} // namespace ovm::interface
