#pragma once

#include "arch/injection_plan.hpp"
#include "interface/command/command.hpp"

namespace ovm::interface
{

/// `inject [PASS KIND PLACE...]`: makes OVM fail at one of its injection points; what each has seen. There where the
/// aspect `fault` is woven in, which makes something of the points.
/// Concurrency: core 0. Lifetime: for ever: the cores' windows lead to its plan from its first use on.
class Inject_command final : public Command
{
public:
    std::string_view name() const override { return "inject"; }
    std::string_view usage() const override { return "[PASS trap|check|contract|hang PLACE...]"; }
    std::string_view help() const override
    {
        return "a fault at the PASSth pass of a place, or of `any`; without arguments: the places";
    }
    std::size_t most_arguments() const override { return Words::capacity() - 1; }
    Step run(Invocation& invocation) override;

private:
    void watch();
    void arm(Invocation& invocation);
    Step list(Invocation& invocation);

    arch::Injection_plan plan_{};
};

} // namespace ovm::interface
