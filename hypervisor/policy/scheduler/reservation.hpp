#pragma once

#include <cstdint>

#include "base/contract.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "processor/schedulable.hpp"

/// The rules of a constant bandwidth server (Abeni and Buttazzo, 1998) for one vcpu: what its budget and deadline
/// become as it runs, sleeps and wakes.
namespace ovm::policy::reservation
{

inline constexpr Ticks period_min{10'000};
inline constexpr Ticks period_max{(std::uint64_t{1} << 36) - 1}; ///< 4 s, the longest that a VM has, at 17 GHz

/// A whole core in units of load: times the longest period it fits into 64 bits. Shares are rounded down, so that what
/// fits exactly is not refused; the error of all together is far below what timers are off.
inline constexpr std::uint64_t whole = std::uint64_t{1} << 27;
static_assert(whole <= ~std::uint64_t{0} / period_max.value());

inline bool is_reserved(const processor::Schedulable& vcpu)
{
    return vcpu.parameters().has_reservation();
}

inline bool has_budget(const processor::Schedulable& vcpu)
{
    return is_reserved(vcpu) && vcpu.account().budget_left != Ticks(0);
}

/// For a Deadline_tree.
inline std::int64_t deadline_key(const processor::Schedulable& vcpu)
{
    return static_cast<std::int64_t>(vcpu.account().deadline.value());
}

/// Its share of the core; 0 without a reservation. Error::invalid: a budget above its period, or a period that is not
/// within period_min to period_max.
OVM_VERIFIED Result<std::uint64_t> load_of(const processor::Scheduling_parameters& parameters);

/// Its next period. It begins where the last one ended, unless that is so long ago that this one would be over too.
void renew(processor::Schedulable& vcpu, Ticks now);

/// The server's rule for who was away: what is left may only be used until the old deadline if the reserved share is
/// not exceeded by that; or else a period begins now.
void resume(processor::Schedulable& vcpu, Ticks now);
OVM_CONTRACT inline void contract_of_resume(processor::Schedulable& vcpu, Ticks now)
{
    OVM_MODIFIES(vcpu.account().deadline, vcpu.account().budget_left);
    OVM_RESULT(resume(vcpu, now));
}

/// It ran for a time until now: it used its budget up first; then it ran for free, as the core would have idled; and of
/// the next period, when that began meanwhile, it has had a part already.
OVM_VERIFIED void charge(processor::Schedulable& vcpu, Ticks ran, Ticks now);

} // namespace ovm::policy::reservation
