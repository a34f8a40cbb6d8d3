#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "interface/command/command.hpp"
#include "object/job/job.hpp"

namespace ovm::interface
{

/// Runs commands one after another, each in slices.
/// Invariant:   lines are run in the order in which they came.
/// Concurrency: its core only.
/// Lifetime:    as long as the machine.
class Command_job final : public object::Job
{
public:
    static constexpr std::size_t waiting_most = 8;
    static constexpr std::size_t line_most = 200;

    Command_job(const Command_table& table, Answer_sink& sink) : table_(table), sink_(sink) {}

    /// One line; what is wrong with it is answered. `who` is constant text.
    void enter(std::string_view line, std::string_view who);
    bool idle() const { return taken_ == entered_; }
    bool full() const { return entered_ - taken_ == waiting_most; }

private:
    struct Line
    {
        Text<line_most> text{};
        std::string_view who{};
    };

    Step step() override;
    Step faulted(const arch::Fault& fault) override;
    void begin(const Line& line);
    void say(std::string_view what, std::string_view word, std::string_view rest);

    const Command_table& table_;
    Answer_sink& sink_;
    std::array<Line, waiting_most> lines_{};
    std::uint64_t entered_ = 0;
    std::uint64_t taken_ = 0;
    Command* command_ = nullptr;             ///< of the line at taken_, once it has begun
    std::optional<Invocation> invocation_{}; ///< its words are in that line
};

} // namespace ovm::interface
