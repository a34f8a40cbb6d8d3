#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/static_vector.hpp"
#include "interface/command/command.hpp"
#include "interface/console/guest_terminal.hpp"
#include "interface/console/line_editor.hpp"
#include "interface/console/log.hpp"
#include "interface/console/record.hpp"
#include "interface/console/serial_line.hpp"
#include "processor/timer.hpp"

namespace ovm::interface
{

struct Console_options
{
    bool terminal = true;    ///< COM1 shows the guest that the person chose; otherwise only OVM's log
    bool records = false;    ///< COM2 carries records
    std::uint8_t escape = 1; ///< the key that speaks to the console: Ctrl-A
};

/// Who carries out what a person asks of the whole machine.
class Console_owner
{
public:
    /// The key to stop was pressed; on the core of the serial interrupt, no lock held.
    virtual void stop_requested() = 0;
    /// A line for OVM's command table; likewise.
    virtual void command_entered(std::string_view line) = 0;

protected:
    ~Console_owner() = default;
};

/// One terminal for all: the escape key and a digit choose the guest whose serial port the person sees and types to,
/// 0 chooses OVM's own log. Beside it, everything goes out as records for a program (record.hpp).
/// On OVM's own log, and after the escape key and a colon, keys make lines for the command table.
/// Concurrency: every method from any core.
/// Failure:     a line that fills drops log lines and refuses guests' bytes; its larger part is for what must arrive.
class Console final : public Log_sink, public Answer_sink, private processor::Timer
{
public:
    Console(Serial_port& person, Serial_port& program, processor::Timer_service& timers, Console_owner& owner,
            Console_options options);

    /// Attaches a VM's terminal; the first one gets the focus. Error::full beyond the table.
    Result<> attach(Guest_terminal& terminal);

    void log_line(std::string_view line) override;
    /// Said on the person's terminal whatever is in focus, and kept in the log. A program gets its own record of it.
    void announce(std::string_view line);
    void record(Record_type type, Vm_id vm, std::span<const std::uint8_t> payload);
    void record(Record_type type, Vm_id vm, std::string_view text);

    bool ready() override { return person_.has_room() && program_.has_room(); }
    /// What a command says: on the person's terminal whatever is in focus, and to the program as a line of the log.
    void line(std::string_view text) override;

    /// A key from the person.
    void receive(std::uint8_t byte);
    /// Sends on what this VM's terminal still keeps back.
    void flush(Vm_id vm);
    /// The end: what guests print and the log says from now on is refused, so that the lines can become empty. Called
    /// again after a drain, it sends what guests had printed before and found no room.
    void close();
    /// Tries to empty both lines; true when they are.
    bool drain();

private:
    friend class Guest_terminal;

    void fired(Ticks now) override;
    void keep(std::string_view line);
    void wake_soon();
    void look_again_soon();
    bool in_focus(Vm_id vm) const { return focus_.load(std::memory_order_relaxed) == vm.value(); }
    bool guest_output(Vm_id vm, std::span<const std::uint8_t> bytes);
    void command(std::uint8_t key);
    void edit(std::uint8_t key);
    void turn_to(std::uint32_t vm);
    void say(std::string_view text, Serial_line::Keep keep = Serial_line::Keep::half);
    Guest_terminal* terminal_of(std::uint32_t vm);

    Serial_line person_;
    Serial_line program_;
    processor::Timer_service& timers_;
    Console_options const options_;
    Console_owner& owner_;
    std::array<std::atomic<Guest_terminal*>, 256> terminals_{};
    std::atomic<std::uint32_t> count_{0};
    std::atomic<std::uint32_t> focus_{0};
    std::atomic<bool> timer_wanted_{false};
    std::atomic<bool> closed_{false};
    // Only the core of the serial interrupt touches these.
    bool escaped_ = false;    ///< the escape key came last
    bool commanding_ = false; ///< a line for OVM is being typed while a guest has the focus
    Line_editor editor_{};
    Ranked_lock<Rank::log> log_lock_;
    std::array<char, 4096> log_ OVM_GUARDED_BY(log_lock_){};
    std::uint64_t log_written_ OVM_GUARDED_BY(log_lock_) = 0;
};

} // namespace ovm::interface
