#pragma once

#include "processor/halt.hpp"

namespace ovm::policy
{

/// The built-in policy: the core sleeps at once, and its time is nobody's loss.
/// Concurrency: any core; nothing is written.
class At_once_halt final : public processor::Halt
{
public:
    struct Parameters
    {
    };

    /// There is nothing that could be wrong.
    static Result<> check(const Parameters&) { return {}; }

    At_once_halt() = default;
    explicit At_once_halt(const Parameters&) {}

    Result<Ticks> poll(processor::Vcpu_identity, processor::Halt_account&, Ticks) override { return Ticks(0); }
    Result<> woke(processor::Vcpu_identity, processor::Halt_account&, Ticks, bool) override { return {}; }

    Result<> export_state(processor::Halt_state& state) override
    {
        state.longest = longest_;
        return {};
    }
    Result<> import_state(processor::Halt_state& state) override
    {
        longest_ = state.longest;
        return {};
    }

private:
    Ticks longest_{}; ///< window in any account, left there by others
};

} // namespace ovm::policy
