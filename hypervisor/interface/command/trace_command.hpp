#pragma once

#include "interface/command/command.hpp"
#include "object/trace/trace_ring.hpp"

namespace ovm::interface
{

/// `trace [COUNT]`: what each core did last. There where the aspect `trace` is woven in, which makes the rings.
/// Concurrency: core 0.
class Trace_command final : public Command
{
public:
    std::string_view name() const override { return "trace"; }
    std::string_view usage() const override { return "[COUNT]"; }
    std::string_view help() const override { return "the latest events of each core, 16 or as many as you say"; }
    std::size_t most_arguments() const override { return 1; }
    Step run(Invocation& invocation) override;

private:
    static constexpr std::size_t most = 64;

    void take_copy(const object::Trace_ring& ring, std::size_t count);

    /// Of the core that is being told about: a ring goes on while its lines are written.
    Static_vector<object::Trace_entry, most> copy_{};
};

} // namespace ovm::interface
