#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/contract.hpp"
#include "base/strong.hpp"
#include "object/module/module.hpp"
#include "processor/halt.hpp"

namespace ovm::modules
{

/// Expects of a vcpu's next sleep what its last ones were like, and looks for the wake-up only if that is worth it: a
/// moving mean of the sleeps' lengths, each new one an eighth of it (as TCP estimates a round trip, RFC 6298). Who
/// sleeps evenly costs no window in vain, however long its sleeps are.
/// Invariant:   every window that it sets is 0, or at most twice the vcpu's mean and at most `max`.
/// Concurrency: any core; the mean of a vcpu is written by its home core only, as its account is.
/// State:       windows, polls and hits of the accounts. Means are learned anew.
class Predictor final : public processor::Halt
{
public:
    static constexpr std::array<object::Parameter, 1> parameters{
        {{"max", object::Unit::nanoseconds, 100'000, 1'000, 1'000'000, "the longest sleep that polling is worth"}}};
    static constexpr object::Policy_description description{"predictor", "polls where a short sleep is to be expected",
                                                            parameters};

    /// Error::out_of_range: the clock is too fast for such a window.
    static Result<> check(object::Values values);
    /// Requires check().
    explicit Predictor(object::Values values) : max_(values[0]), longest_(values[0]) {}

    Result<Ticks> poll(processor::Vcpu_identity vcpu, processor::Halt_account& account, Ticks now) override;
    Result<> woke(processor::Vcpu_identity vcpu, processor::Halt_account& account, Ticks slept,
                  bool was_polling) override;
    Result<> export_state(processor::Halt_state& state) override;
    Result<> import_state(processor::Halt_state& state) override;

private:
    /// VMs with a higher number are not predicted: they sleep at once.
    static constexpr std::uint32_t most_vms = 32;
    static constexpr std::uint32_t most_means = most_vms * processor::most_vcpus;

    static constexpr Ticks longest_window{std::uint64_t{1} << 40};

    OVM_CLASS_INVARIANT bool invariant() const { return max_ <= longest_window && longest_ >= max_; }
    std::optional<std::uint32_t> number(processor::Vcpu_identity vcpu) const;

    std::array<std::uint64_t, most_means> means_{}; ///< ticks; 0: it never slept
    Ticks max_;
    Ticks longest_; ///< window in any account: its own, and those that others left and it has not used yet
};

} // namespace ovm::modules
