#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "base/static_vector.hpp"
#include "base/text.hpp"

/// What a person or a manager may ask OVM to do: one table for all of them.
namespace ovm::interface
{

/// Takes what a command has to say.
class Answer_sink
{
public:
    /// Whether a line of usual length fits now; if not, the command goes on later.
    virtual bool ready() = 0;
    virtual void line(std::string_view text) = 0;

protected:
    ~Answer_sink() = default;
};

/// A line's words. `key=value` is one of them.
using Words = Static_vector<std::string_view, 16>;

/// One use of a command: its words, who asked, where the answer goes, and how far it has come.
struct Invocation
{
    Words words{};
    std::string_view who{};
    Answer_sink& sink;
    std::size_t step = 0;  ///< how often it was called before
    std::size_t place = 0; ///< the command's own: where it goes on

    template <typename... Parts>
    void answer(const Parts&... parts)
    {
        std::array<char, 240> storage{};
        Text_writer text(storage);
        (text << ... << parts);
        sink.line(text.view());
    }
    std::size_t arguments() const { return words.size() - 1; }
    std::string_view argument(std::size_t index) const { return words[index + 1]; }
};

class Command
{
public:
    enum class Step : std::uint8_t
    {
        done,
        again, ///< it has more to say: call it again, in another crossing
        wait   ///< for something that takes its time; call it again
    };

    /// The same as long as it lives.
    virtual std::string_view name() const = 0;
    /// What follows the name: `RESOURCE POLICY [KEY=VALUE...]`.
    virtual std::string_view usage() const { return {}; }
    virtual std::string_view help() const = 0;
    virtual std::size_t least_arguments() const { return 0; }
    virtual std::size_t most_arguments() const { return 0; }
    /// A slice of it: at most a few lines of answer.
    virtual Step run(Invocation& invocation) = 0;

protected:
    ~Command() = default;
};

/// The commands there are.
class Command_table
{
public:
    static constexpr std::size_t capacity = 24;

    /// A command under its name, which is asked for once.
    struct Entry
    {
        std::string_view name{};
        Command* command = nullptr;
    };

    /// Error::full.
    Result<> add(Command& command) { return entries_.push_back({command.name(), &command}); }
    /// Nothing when there is none of that name.
    OVM_VERIFIED Command* find(std::string_view name) const;
    std::span<const Entry> entries() const { return entries_.items(); }

    OVM_CLASS_INVARIANT bool invariant() const { return entries_.size() <= capacity; }

private:
    Static_vector<Entry, capacity> entries_{};
};

/// Finds a line's words, which stand between its blanks. Error::full: more than a command takes.
OVM_VERIFIED Result<> split(std::string_view line, Words& words);

/// `help [COMMAND]`.
class Help_command final : public Command
{
public:
    explicit Help_command(const Command_table& table) : table_(table) {}

    std::string_view name() const override { return "help"; }
    std::string_view usage() const override { return "[COMMAND]"; }
    std::string_view help() const override { return "lists the commands, or explains one"; }
    std::size_t most_arguments() const override { return 1; }
    Step run(Invocation& invocation) override;

private:
    const Command_table& table_;
};

} // namespace ovm::interface
