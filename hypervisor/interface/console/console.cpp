#include "interface/console/console.hpp"

#include "arch/processor.hpp"
#include "arch/screen.hpp"

namespace ovm::interface
{

namespace
{

std::span<const std::uint8_t> bytes_of(std::string_view text, std::span<std::uint8_t> storage)
{
    std::size_t size = 0;
    for (char const character : text)
    {
        if (size == storage.size())
            break;
        storage[size++] = static_cast<std::uint8_t>(character);
    }
    return storage.first(size);
}

/// A line on the machine's own screen, whatever the terminal shows.
void show(std::string_view mark, std::string_view line)
{
    std::array<char, 256> storage{};
    Text_writer text(storage);
    text << mark << line << "\n";
    arch::write_screen(text.view());
}

/// Nobody's number, while the person is between two guests.
constexpr std::uint32_t nobody = ~std::uint32_t{0};

/// A flood of one kind must not cost the program what tells it how the machine ended.
Serial_line::Keep kept_from(Record_type type)
{
    switch (type)
    {
    case Record_type::output:
    case Record_type::log:
        return Serial_line::Keep::most;
    case Record_type::guest_stop:
        return Serial_line::Keep::half;
    case Record_type::up:
    case Record_type::vm:
    case Record_type::crash:
    case Record_type::ended:
    case Record_type::restarted:
    case Record_type::finished:
    case Record_type::answer: // of which the sender asks for a few at a time
        break;
    }
    return Serial_line::Keep::nothing;
}

constexpr std::string_view help =
    "\r\n[ovm] keys after the escape key: 1-9 a guest, n/p next/previous guest, 0 OVM's log, a the escape key itself,"
    " : a command, x stop, ? help\r\n";

} // namespace

Console::Console(Serial_port& person, Serial_port& program, processor::Timer_service& timers, Console_owner& owner,
                 Console_options options)
    : person_(person), program_(program), timers_(timers), options_(options), owner_(owner)
{
}

Result<> Console::attach(Guest_terminal& terminal)
{
    auto const index = terminal.vm().value() - 1;
    if (index >= terminals_.size())
        return Error::full;
    terminals_[index].store(&terminal, std::memory_order_release);
    if (index + 1 > count_.load(std::memory_order_relaxed))
        count_.store(index + 1, std::memory_order_release);
    if (index == 0)
        focus_.store(1, std::memory_order_relaxed);
    record(Record_type::vm, terminal.vm(), terminal.name());
    return {};
}

Guest_terminal* Console::terminal_of(std::uint32_t vm)
{
    if (vm == 0 || vm > count_.load(std::memory_order_acquire))
        return nullptr;
    return terminals_[vm - 1].load(std::memory_order_acquire);
}

void Console::keep(std::string_view line)
{
    Lock_guard const guard(log_lock_);
    for (char const character : line)
        log_[log_written_++ % log_.size()] = character;
    log_[log_written_++ % log_.size()] = '\n';
}

void Console::log_line(std::string_view line)
{
    keep(line);
    show("ovm: ", line);
    if (closed_.load(std::memory_order_acquire))
        return;
    record(Record_type::log, Vm_id{0}, line);
    if (!options_.terminal || in_focus(Vm_id{0}))
    {
        std::array<char, 256> storage{};
        Text_writer text(storage);
        text << "ovm: " << line << "\r\n";
        say(text.view(), Serial_line::Keep::most);
    }
}

void Console::announce(std::string_view line)
{
    keep(line);
    show("[ovm] ", line);
    std::array<char, 256> storage{};
    Text_writer text(storage);
    text << "\r\n[ovm] " << line << "\r\n";
    say(text.view());
}

void Console::record(Record_type type, Vm_id vm, std::string_view text)
{
    std::array<std::uint8_t, record_payload_max> storage{};
    record(type, vm, bytes_of(text, storage));
}

void Console::record(Record_type type, Vm_id vm, std::span<const std::uint8_t> payload)
{
    if (!options_.records)
        return;
    std::array<std::uint8_t, 4> const head{record_magic, static_cast<std::uint8_t>(type),
                                           static_cast<std::uint8_t>(vm.value()),
                                           static_cast<std::uint8_t>(payload.size())};
    std::array<std::uint8_t, record_payload_max + 1> body{};
    std::uint8_t sum = head[1] ^ head[2] ^ head[3];
    for (std::size_t i = 0; i < payload.size(); ++i)
    {
        body[i] = payload[i];
        sum = static_cast<std::uint8_t>(sum ^ payload[i]);
    }
    body[payload.size()] = sum;
    // Dropping a log line is better than waiting; guests' bytes come here through guest_output(), which can refuse.
    static_cast<void>(program_.accept(head, std::span(body).first(payload.size() + 1), kept_from(type)));
    wake_soon();
}

void Console::say(std::string_view text, Serial_line::Keep keep)
{
    std::array<std::uint8_t, 256> storage{};
    static_cast<void>(person_.accept(bytes_of(text, storage), {}, keep));
    wake_soon();
}

void Console::wake_soon()
{
    if (!person_.empty() || !program_.empty())
        look_again_soon();
}

void Console::close()
{
    closed_.store(true, std::memory_order_release);
    for (std::uint32_t vm = 1; vm <= count_.load(std::memory_order_acquire); ++vm)
        flush(Vm_id(vm));
}

bool Console::drain()
{
    bool const person = person_.drain();
    bool const program = program_.drain();
    return person && program;
}

void Console::fired(Ticks)
{
    bool done = true;
    timer_wanted_.store(false, std::memory_order_release);
    for (std::uint32_t vm = 1; vm <= count_.load(std::memory_order_acquire); ++vm)
    {
        flush(Vm_id(vm));
        if (auto* terminal = terminal_of(vm))
            done = terminal->hand_over_keys() && done;
    }
    done = drain() && done;
    if (!done)
        look_again_soon();
}

void Console::flush(Vm_id vm)
{
    if (auto* terminal = terminal_of(vm.value()))
    {
        Lock_guard const guard(terminal->lock_);
        static_cast<void>(terminal->flush_locked());
    }
}

bool Console::guest_output(Vm_id vm, std::span<const std::uint8_t> bytes)
{
    if (!options_.records || options_.terminal)
        return true;
    std::array<std::uint8_t, 4> const head{record_magic, static_cast<std::uint8_t>(Record_type::output),
                                           static_cast<std::uint8_t>(vm.value()),
                                           static_cast<std::uint8_t>(bytes.size())};
    std::array<std::uint8_t, record_payload_max + 1> body{};
    std::uint8_t sum = head[1] ^ head[2] ^ head[3];
    for (std::size_t i = 0; i < bytes.size(); ++i)
    {
        body[i] = bytes[i];
        sum = static_cast<std::uint8_t>(sum ^ bytes[i]);
    }
    body[bytes.size()] = sum;
    if (!program_.accept(head, std::span(body).first(bytes.size() + 1), kept_from(Record_type::output)))
        return false;
    // Into a busy UART: nobody else may come by to drain.
    if (!timer_wanted_.load(std::memory_order_relaxed) && !program_.empty())
        look_again_soon();
    return true;
}

bool Guest_terminal::flush_locked()
{
    if (waiting_size_ == 0)
        return true;
    if (!console_.guest_output(vm_, std::span(waiting_).first(waiting_size_)))
        return false;
    waiting_size_ = 0;
    return true;
}

bool Guest_terminal::put(std::uint8_t byte)
{
    Lock_guard const guard(lock_);
    if (console_.closed_.load(std::memory_order_acquire))
        return false;
    if (console_.options_.terminal)
    {
        std::array<std::uint8_t, 1> const one{byte};
        if (console_.in_focus(vm_) && !console_.person_.accept(one, {}, Serial_line::Keep::most))
            return false;
    }
    else
    {
        if (waiting_size_ == waiting_.size() && !flush_locked())
            return false;
        waiting_[waiting_size_++] = byte;
        if (byte == '\n' || waiting_size_ == waiting_.size())
            static_cast<void>(flush_locked());
    }
    recent_[written_++ % recent_.size()] = byte;
    // What is left goes out by the console's timer, a full UART or a half line alike.
    if ((waiting_size_ != 0 || console_.options_.terminal) && !console_.timer_wanted_.load(std::memory_order_relaxed))
        console_.look_again_soon();
    return true;
}

void Guest_terminal::type(std::uint8_t key)
{
    if (typed_ - taken_ < keys_.size())
        keys_[typed_++ % keys_.size()] = key;
    if (!hand_over_keys())
        console_.look_again_soon();
}

bool Guest_terminal::hand_over_keys()
{
    auto* const input = input_.load(std::memory_order_acquire);
    if (input == nullptr)
        taken_ = typed_; // nobody is there to read
    while (taken_ != typed_ && input->put(keys_[taken_ % keys_.size()]))
        ++taken_;
    return taken_ == typed_;
}

void Console::look_again_soon()
{
    if (!timer_wanted_.exchange(true, std::memory_order_acq_rel))
        timers_.arm(*this, timers_.now() + arch::to_ticks(Nanoseconds{1'000'000}));
}

void Console::receive(std::uint8_t byte)
{
    if (!options_.terminal)
        return;
    if (escaped_)
    {
        escaped_ = false;
        return command(byte);
    }
    if (byte == options_.escape)
    {
        escaped_ = true;
        return;
    }
    if (commanding_ || in_focus(Vm_id{0}))
        return edit(byte);
    if (auto* terminal = terminal_of(focus_.load(std::memory_order_relaxed)))
        terminal->type(byte);
}

void Console::edit(std::uint8_t key)
{
    std::array<char, 8> storage{};
    Text_writer echo(storage);
    auto const state = editor_.type(key, echo);
    say(echo.view());
    if (state == Line_editor::State::typing)
        return;
    commanding_ = false;
    if (state == Line_editor::State::entered)
        owner_.command_entered(editor_.line());
    editor_.clear();
}

void Console::line(std::string_view text)
{
    record(Record_type::log, Vm_id{0}, text);
    if (!options_.terminal)
        return;
    std::array<char, 256> storage{};
    Text_writer whole(storage);
    whole << text << "\r\n";
    say(whole.view());
}

void Console::command(std::uint8_t key)
{
    auto const focus = focus_.load(std::memory_order_relaxed);
    auto const count = count_.load(std::memory_order_acquire);
    if (key >= '0' && key <= '9')
        return turn_to(key - '0');
    if (key == 'n')
        return turn_to(focus >= count ? 0 : focus + 1);
    if (key == 'p')
        return turn_to(focus == 0 ? count : focus - 1);
    if (key == 'a')
    {
        if (auto* terminal = terminal_of(focus))
            terminal->type(options_.escape);
        return;
    }
    if (key == ':')
    {
        commanding_ = true;
        return say("\r\n[ovm] ");
    }
    if (key == 'x')
    {
        say("\r\n[ovm] stopping\r\n");
        return owner_.stop_requested();
    }
    say(help);
}

void Console::turn_to(std::uint32_t vm)
{
    auto* terminal = terminal_of(vm);
    if (vm != 0 && terminal == nullptr)
        return say("\r\n[ovm] there is no such guest\r\n");
    focus_.store(nobody, std::memory_order_relaxed);
    std::array<char, 64> storage{};
    Text_writer text(storage);
    text << "\r\n[ovm] " << (vm == 0 ? std::string_view("OVM's log") : terminal->name()) << "\r\n";
    say(text.view());
    if (vm == 0)
    {
        Lock_guard const guard(log_lock_);
        focus_.store(vm, std::memory_order_relaxed);
        auto const size = log_written_ < log_.size() ? log_written_ : log_.size();
        for (auto at = log_written_ - size; at < log_written_; ++at)
        {
            auto const character = static_cast<std::uint8_t>(log_[at % log_.size()]);
            std::array<std::uint8_t, 2> const line_end{'\r', '\n'};
            std::array<std::uint8_t, 1> const one{character};
            std::span<const std::uint8_t> const newline(line_end);
            std::span<const std::uint8_t> const other(one);
            static_cast<void>(person_.accept(character == '\n' ? newline : other, {}, Serial_line::Keep::half));
        }
        return;
    }
    // Under the guest's own lock, so that no byte comes both as recent and as new.
    Lock_guard const guard(terminal->lock_);
    focus_.store(vm, std::memory_order_relaxed);
    auto const size = terminal->written_ < terminal->recent_.size() ? terminal->written_ : terminal->recent_.size();
    for (auto at = terminal->written_ - size; at < terminal->written_; ++at)
    {
        std::array<std::uint8_t, 1> const one{terminal->recent_[at % terminal->recent_.size()]};
        static_cast<void>(person_.accept(one, {}, Serial_line::Keep::half));
    }
}

} // namespace ovm::interface
