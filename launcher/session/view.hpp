#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/session/record_reader.hpp"

namespace ovm::launcher
{

/// What waits to be written to the person or program that started us.
struct Outputs
{
    std::string out;
    std::string error;
};

/// Turns what the computer says into what is shown.
class View
{
public:
    virtual ~View() = default;
    /// Bytes of COM1.
    virtual void console(std::string_view bytes, Outputs& outputs) = 0;
    virtual void record(const Record& record, Outputs& outputs) = 0;
    /// No record has come for a while since the start: what COM1 said may be all that there will be.
    virtual void no_records(Outputs& outputs) = 0;
    /// The end; `lost` when OVM had not said that it is done.
    virtual void finish(bool lost, Outputs& outputs) = 0;
};

/// A person's terminal: COM1 as it is.
class Terminal_view final : public View
{
public:
    void console(std::string_view bytes, Outputs& outputs) override { outputs.out += bytes; }
    void record(const Record&, Outputs&) override {}
    void no_records(Outputs&) override {}
    void finish(bool, Outputs&) override {}
};

struct Headless_settings
{
    std::vector<std::string> names; ///< of the guests, in order
    std::optional<std::size_t> raw; ///< the guest whose bytes alone go to the standard output
    bool verbose = false;           ///< COM1 is shown too, on the standard error
};

/// Whole lines, each after the name of who said it; or one guest's bytes as they are, and about the rest on the
/// standard error. COM1 repeats OVM's log, so it is shown only as long as no record has come, and when OVM is lost.
class Headless_view final : public View
{
public:
    explicit Headless_view(Headless_settings settings)
        : settings_(std::move(settings)), partial_(settings_.names.size())
    {
    }

    void console(std::string_view bytes, Outputs& outputs) override;
    void record(const Record& record, Outputs& outputs) override;
    void no_records(Outputs& outputs) override;
    void finish(bool lost, Outputs& outputs) override;

private:
    void guest_output(unsigned vm, std::string_view bytes, Outputs& outputs);
    void flush(std::size_t index, Outputs& outputs);
    void say(std::string_view name, std::string_view line, Outputs& outputs);
    void console_line(Outputs& outputs);
    void log_line(const Record& record, Outputs& outputs);
    void show_held(Outputs& outputs);
    std::string name_of(unsigned vm) const;

    Headless_settings settings_;
    std::vector<std::string> partial_; ///< each guest's unfinished line
    std::string console_partial_;
    std::deque<std::string> held_;   ///< the newest lines of COM1 that were not shown
    std::deque<std::string> logged_; ///< the newest lines that came as records, and may still come by COM1
    bool records_came_ = false;
    bool console_shown_ = false;
};

/// How a guest ended, for people: `wrote 3 to its debug-exit port`.
std::string end_text(const End_report& report);

} // namespace ovm::launcher
