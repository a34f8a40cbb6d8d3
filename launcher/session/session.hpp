#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "launcher/emulator/channels.hpp"
#include "launcher/emulator/child_process.hpp"
#include "launcher/session/control.hpp"
#include "launcher/session/signal_watch.hpp"
#include "launcher/session/verdict.hpp"
#include "launcher/session/view.hpp"

namespace ovm::launcher
{

struct Session_settings
{
    int input = -1; ///< keys for the console; -1: none (headless)
    int output = 1;
    int error = 2;
    unsigned escape = 1;             ///< control code of the escape key
    bool raw_terminal = false;       ///< a terminal in raw mode: our own lines need a carriage return
    bool resets_after_crash = false; ///< OVM starts again after a crash instead of ending
    bool wait_for_debugger = false;  ///< a person may stop the computer at any time
    bool verbose = false;
    bool talkative_emulator = false; ///< its messages are shown only when it ends too early
    std::optional<std::chrono::milliseconds> timeout;
    std::chrono::milliseconds patience{3000}; ///< how long OVM may take to end after it was asked to or has crashed
};

/// Runs an emulated computer from its first byte to its end: relays keys and output, reads records, keeps time, and
/// knows the exit status. The emulator never outlives run().
class Session
{
public:
    /// `signals` was there before the emulator started, so that its death cannot be missed.
    Session(Session_settings settings, View& view, Signal_watch& signals, Channels channels, Child_process emulator,
            Control control = {});

    int run();

private:
    using Clock = std::chrono::steady_clock;
    enum class Stop
    {
        none,
        finished,
        emulator_ended,
        timed_out,
        signalled,
        output_closed,
        unanswered
    };
    enum class Patience
    {
        none,
        some
    };

    int wait_time(Clock::time_point now) const;
    void wait();
    void keep_time(Clock::time_point now);
    void read_records();
    void read_console();
    void read_emulator_messages();
    void read_input();
    void write_keys();
    void write_requests();
    void write_outputs(Patience patience);
    void drain();
    void say(std::string_view line);
    int conclude();
    void expect_end();
    void stop(Stop why);

    Session_settings settings_;
    View& view_;
    Signal_watch& signals_;
    Channels channels_;
    Child_process emulator_;
    Control control_;
    Record_reader reader_;
    Verdict verdict_;
    Outputs outputs_;
    std::string keys_;              ///< for COM1, not yet taken by it
    std::string requests_;          ///< of a program, for COM2
    std::string held_messages_;     ///< of a talkative emulator
    std::string emulator_messages_; ///< an unfinished line of the emulator's own output
    bool emulator_output_open_ = true;
    bool escaped_ = false;
    bool anything_came_ = false;
    bool told_no_records_ = false;
    Stop stop_ = Stop::none;
    int signal_ = 0;
    Clock::time_point start_ = Clock::now();
    std::optional<Clock::time_point> last_chance_;
};

/// What a person should know before the first line of output.
std::string banner(const std::vector<std::string>& names, unsigned escape);

} // namespace ovm::launcher
