#include "policy/halt/adaptive.hpp"

#include <algorithm>

#include "arch/injection.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"

namespace ovm::policy
{

using processor::Halt_account;
using processor::Halt_state;
using processor::Vcpu_identity;

Result<> Adaptive_halt::check(const Parameters& parameters)
{
    if (parameters.max > Parameters::max_max || parameters.start < Parameters::start_min ||
        parameters.start > parameters.max || parameters.grow < Parameters::grow_min ||
        parameters.grow > Parameters::factor_max || parameters.shrink > Parameters::factor_max)
        return Error::out_of_range;
    return {};
}

Adaptive_halt::Adaptive_halt(const Parameters& parameters)
    : max_(arch::to_ticks(parameters.max)), start_(arch::to_ticks(parameters.start)), grow_(parameters.grow),
      shrink_(parameters.shrink), longest_(max_)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

Ticks Adaptive_halt::grown(Ticks window) const
{
    return std::min(max_, std::max(start_, window * grow_));
}

Ticks Adaptive_halt::shrunk(Ticks window) const
{
    if (shrink_ == 0)
        return Ticks(0);
    auto const less = window / shrink_;
    return less < start_ ? Ticks(0) : less;
}

Result<Ticks> Adaptive_halt::poll(Vcpu_identity, Halt_account& account, Ticks)
{
    arch::injection_point("adaptive: at a halt");
    account.window = std::min(account.window, max_);
    if (account.window != Ticks(0))
        ++account.polls;
    return account.window;
}

Result<> Adaptive_halt::woke(Vcpu_identity, Halt_account& account, Ticks slept, bool was_polling)
{
    auto const window = std::min(account.window, max_);
    arch::injection_point("adaptive: at a wake-up");
    if (was_polling)
        ++account.hits;
    else if (slept > max_)
        account.window = shrunk(window);
    else if (slept > window)
        account.window = grown(window);
    return {};
}

Result<> Adaptive_halt::export_state(Halt_state& state)
{
    state.longest = longest_;
    return {};
}

Result<> Adaptive_halt::import_state(Halt_state& state)
{
    if (state.longest > max_)
        state.lost |= Halt_state::window;
    longest_ = std::max(state.longest, max_);
    return {};
}

} // namespace ovm::policy
