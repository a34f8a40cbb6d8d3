#include "launcher/session/session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

namespace ovm::launcher
{

namespace
{

using namespace std::chrono_literals;

constexpr std::size_t enough_output = 256 * 1024; ///< with more waiting, the computer has to wait too
constexpr std::size_t enough_keys = 64 * 1024;
constexpr std::size_t enough_requests = 4096;
constexpr std::size_t enough_messages = 16 * 1024;
constexpr auto records_expected = 2000ms;
constexpr auto quiet = 100ms; ///< after the end, lines silent for so long are empty
constexpr auto longest_drain = 2000ms;

/// The bytes that wait at a descriptor, at most one buffer; nothing at the end or on an error. `closed` says which.
std::string_view take_bytes(int descriptor, std::span<char> buffer, bool& closed)
{
    auto const size = read(descriptor, buffer.data(), buffer.size());
    closed = size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
    return {buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::string key_name(unsigned escape)
{
    return std::string("Ctrl-") + static_cast<char>('A' + escape - 1);
}

} // namespace

std::string banner(const std::vector<std::string>& names, unsigned escape)
{
    auto const key = key_name(escape);
    std::string guests;
    for (std::size_t i = 0; i < names.size() && i < 9; ++i)
        guests += (i == 0 ? "" : ", ") + std::to_string(i + 1) + " " + names[i];
    if (names.size() > 9)
        guests += ", n and p for the next and previous one";
    return "ovm: starting. " + key + ", then: " + guests + "; 0 OVM's own console; a sends a " + key +
           "; ? help; x stops all.\n";
}

Session::Session(Session_settings settings, View& view, Signal_watch& signals, Channels channels,
                 Child_process emulator, Control control)
    : settings_(settings), view_(view), signals_(signals), channels_(std::move(channels)),
      emulator_(std::move(emulator)), control_(std::move(control))
{
    // With our copies of its ends closed, the emulator's death is an end of file.
    channels_.far.clear();
    fcntl(emulator_.output(), F_SETFL, O_NONBLOCK);
}

void Session::say(std::string_view line)
{
    outputs_.error += "ovm: " + std::string(line) + "\n";
}

void Session::expect_end()
{
    if (!last_chance_ && !settings_.wait_for_debugger)
        last_chance_ = Clock::now() + settings_.patience;
}

void Session::stop(Stop why)
{
    if (stop_ == Stop::none)
        stop_ = why;
}

void Session::read_records()
{
    std::array<char, 65536> buffer{};
    bool closed = false;
    auto const bytes = take_bytes(channels_.records.get(), buffer, closed);
    anything_came_ = anything_came_ || !bytes.empty();
    reader_.feed(std::as_bytes(std::span(bytes)),
                 [this](const Record& record)
                 {
                     verdict_.note(record);
                     view_.record(record, outputs_);
                     if (record.type == Record_type::answer)
                         control_.answer(record);
                     if (record.type == Record_type::finished)
                         stop(Stop::finished);
                     if (record.type == Record_type::crash && !settings_.resets_after_crash)
                         expect_end();
                 });
    if (closed)
        channels_.records.reset();
}

void Session::read_console()
{
    std::array<char, 65536> buffer{};
    bool closed = false;
    auto const bytes = take_bytes(channels_.console.get(), buffer, closed);
    anything_came_ = anything_came_ || !bytes.empty();
    view_.console(bytes, outputs_);
    if (closed)
        channels_.console.reset();
}

void Session::read_emulator_messages()
{
    std::array<char, 4096> buffer{};
    bool closed = false;
    emulator_messages_ += take_bytes(emulator_.output(), buffer, closed);
    if ((closed || emulator_messages_.size() > buffer.size()) && !emulator_messages_.empty() &&
        !emulator_messages_.ends_with('\n'))
        emulator_messages_ += '\n';
    auto& target = settings_.talkative_emulator && !settings_.verbose ? held_messages_ : outputs_.error;
    for (auto end = emulator_messages_.find('\n'); end != std::string::npos; end = emulator_messages_.find('\n'))
    {
        target += "emulator: " + emulator_messages_.substr(0, end + 1);
        emulator_messages_.erase(0, end + 1);
    }
    if (held_messages_.size() > enough_messages)
        held_messages_.erase(0, held_messages_.find('\n', held_messages_.size() - enough_messages) + 1);
    emulator_output_open_ = !closed;
}

void Session::read_input()
{
    std::array<char, 4096> buffer{};
    bool closed = false;
    auto const bytes = take_bytes(settings_.input, buffer, closed);
    keys_ += bytes;
    for (char const byte : bytes)
    {
        // OVM itself understands the escape key; this only notices when it is too dead to.
        if (escaped_ && byte == 'x')
            expect_end();
        escaped_ = !escaped_ && static_cast<unsigned char>(byte) == settings_.escape;
    }
    if (closed)
        settings_.input = -1;
}

void Session::write_keys()
{
    auto const size = send(channels_.console.get(), keys_.data(), keys_.size(), MSG_NOSIGNAL);
    if (size > 0)
        keys_.erase(0, static_cast<std::size_t>(size));
    else if (size < 0 && errno != EAGAIN && errno != EINTR)
        keys_.clear();
}

void Session::write_requests()
{
    auto const size = send(channels_.records.get(), requests_.data(), requests_.size(), MSG_NOSIGNAL);
    if (size > 0)
        requests_.erase(0, static_cast<std::size_t>(size));
    else if (size < 0 && errno != EAGAIN && errno != EINTR)
        requests_.clear();
}

void Session::write_outputs(Patience patience)
{
    auto& errors = outputs_.error;
    if (settings_.raw_terminal)
    {
        for (std::size_t at = errors.find('\n'); at != std::string::npos; at = errors.find('\n', at + 2))
            errors.insert(at, 1, '\r');
    }
    while (!errors.empty())
    {
        auto const size = write(settings_.error, errors.data(), errors.size());
        if (size < 0 && errno == EINTR)
            continue;
        errors.erase(0, size > 0 ? static_cast<std::size_t>(size) : errors.size());
    }
    while (!outputs_.out.empty())
    {
        // As much as a pipe takes at once when poll() says that it takes any.
        auto const size =
            write(settings_.output, outputs_.out.data(), std::min<std::size_t>(outputs_.out.size(), PIPE_BUF));
        if (size < 0 && errno != EAGAIN && errno != EINTR)
        {
            outputs_.out.clear();
            stop(Stop::output_closed);
            return;
        }
        if (size > 0)
            outputs_.out.erase(0, static_cast<std::size_t>(size));
        if (patience == Patience::none)
            return;
        pollfd wait_for{settings_.output, POLLOUT, 0};
        if (poll(&wait_for, 1, static_cast<int>(longest_drain.count())) == 0)
            return;
    }
}

int Session::wait_time(Clock::time_point now) const
{
    auto until = now + 1h;
    if (settings_.timeout)
        until = std::min(until, start_ + *settings_.timeout);
    if (last_chance_)
        until = std::min(until, *last_chance_);
    if (!told_no_records_ && !verdict_.up())
        until = std::min(until, start_ + records_expected);
    auto const rest = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    return static_cast<int>(std::clamp<long long>(rest, 0, 3'600'000));
}

void Session::keep_time(Clock::time_point now)
{
    if (settings_.timeout && now >= start_ + *settings_.timeout)
        stop(Stop::timed_out);
    if (last_chance_ && now >= *last_chance_)
        stop(Stop::unanswered);
    if (!told_no_records_ && now >= start_ + records_expected)
    {
        told_no_records_ = true;
        if (!verdict_.up())
            view_.no_records(outputs_);
    }
}

void Session::drain()
{
    // What OVM wrote before it ended may still be on its way through the emulator.
    auto const end = Clock::now() + longest_drain;
    while (Clock::now() < end && (channels_.records.open() || channels_.console.open()))
    {
        std::array<pollfd, 2> lines{pollfd{channels_.records.get(), POLLIN, 0},
                                    pollfd{channels_.console.get(), POLLIN, 0}};
        if (poll(lines.data(), lines.size(), static_cast<int>(std::chrono::milliseconds(quiet).count())) <= 0)
            return;
        if (lines[0].revents != 0)
            read_records();
        if (lines[1].revents != 0)
            read_console();
        write_outputs(Patience::some);
        if (stop_ == Stop::output_closed)
            return;
    }
}

int Session::conclude()
{
    auto const end = emulator_.ended();
    bool const lost = stop_ == Stop::emulator_ended || stop_ == Stop::unanswered;
    if (lost)
        verdict_.hypervisor_lost();
    view_.finish(lost, outputs_);
    if (lost)
        outputs_.error += held_messages_;
    int status = verdict_.status();
    switch (stop_)
    {
    case Stop::emulator_ended:
        if (!anything_came_ && end && (end->signalled || end->value != 0))
        {
            say("the emulator " + end->text() + " before OVM could start; see its message above");
            status = status_bad_input;
        }
        else
            say("the emulator " + (end ? end->text() : std::string("ended")) +
                " before OVM said that it is done: the hypervisor crashed or reset the computer");
        break;
    case Stop::unanswered:
        say(verdict_.up() ? "OVM does not end by itself; the emulator was stopped"
                          : "OVM never answered; the emulator was stopped");
        break;
    case Stop::timed_out:
        say("time is up (--timeout); the emulator was stopped");
        status = status_timeout;
        break;
    case Stop::signalled:
        status = status_signal + signal_;
        break;
    case Stop::output_closed:
        status = status_signal + SIGPIPE;
        break;
    case Stop::none:
    case Stop::finished:
        break;
    }
    if (settings_.verbose && reader_.skipped() != 0)
        say(std::to_string(reader_.skipped()) + " bytes on the record line were no records");
    if (stop_ != Stop::output_closed)
        write_outputs(Patience::some);
    return status;
}

void Session::wait()
{
    // An input that is not wanted is left out: its hang-up would wake us again and again. The output stays, as its
    // closing ends all.
    bool const room = outputs_.out.size() < enough_output;
    auto const when = [](bool wanted, int descriptor) { return wanted ? descriptor : -1; };
    short const console_events = keys_.empty() ? POLLIN : POLLIN | POLLOUT;
    short const output_events = outputs_.out.empty() ? 0 : POLLOUT;
    short const record_events = requests_.empty() ? POLLIN : POLLIN | POLLOUT;
    std::array<pollfd, 7> all{{{when(room, channels_.records.get()), record_events, 0},
                               {when(room, channels_.console.get()), console_events, 0},
                               {when(emulator_output_open_, emulator_.output()), POLLIN, 0},
                               {when(keys_.size() < enough_keys, settings_.input), POLLIN, 0},
                               {settings_.output, output_events, 0},
                               {signals_.descriptor(), POLLIN, 0},
                               {when(requests_.size() < enough_requests, control_.descriptor()), POLLIN, 0}}};
    constexpr short gone = POLLERR | POLLHUP | POLLNVAL;
    if (poll(all.data(), all.size(), wait_time(Clock::now())) < 0)
        return;
    if ((all[0].revents & (POLLIN | gone)) != 0)
        read_records();
    if ((all[0].revents & POLLOUT) != 0 && channels_.records.open())
        write_requests();
    if (all[6].revents != 0)
        control_.read(requests_);
    if ((all[1].revents & (POLLIN | gone)) != 0)
        read_console();
    if ((all[1].revents & POLLOUT) != 0 && channels_.console.open())
        write_keys();
    if (all[2].revents != 0)
        read_emulator_messages();
    if (all[3].revents != 0)
        read_input();
    if ((all[4].revents & gone) != 0)
        stop(Stop::output_closed);
    if (all[5].revents != 0)
    {
        if (auto const signal = signals_.take())
        {
            signal_ = *signal;
            stop(Stop::signalled);
        }
        if (emulator_.ended())
            stop(Stop::emulator_ended);
    }
    if ((all[4].revents & POLLOUT) != 0 || !outputs_.error.empty())
        write_outputs(Patience::none);
}

int Session::run()
{
    if (emulator_.ended())
        stop(Stop::emulator_ended);
    while (stop_ == Stop::none)
    {
        wait();
        keep_time(Clock::now());
    }
    if (stop_ == Stop::finished || stop_ == Stop::emulator_ended)
        drain();
    if (stop_ == Stop::emulator_ended && verdict_.finished())
        stop_ = Stop::finished;
    // Before the stop: what it says about our signal is no news.
    if (emulator_output_open_)
        read_emulator_messages();
    emulator_.stop();
    return conclude();
}

} // namespace ovm::launcher
