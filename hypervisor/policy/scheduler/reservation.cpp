#include "policy/scheduler/reservation.hpp"

#include <algorithm>

#include "policy/scheduler/slice.hpp"

namespace ovm::policy
{

using processor::Schedulable;

Result<std::uint64_t> reservation::load_of(const processor::Scheduling_parameters& parameters)
{
    if (!parameters.has_reservation())
        return std::uint64_t{0};
    if (parameters.period < period_min || parameters.period > period_max || parameters.budget > parameters.period)
        return Error::invalid;
    return parameters.budget.value() * whole / parameters.period.value();
}

void reservation::renew(Schedulable& vcpu, Ticks now)
{
    auto const& parameters = vcpu.parameters();
    auto& account = vcpu.account();
    bool const in_step = elapsed(account.deadline, now) < parameters.period;
    account.deadline = (in_step ? account.deadline : now) + parameters.period;
    account.budget_left = parameters.budget;
}

void reservation::resume(Schedulable& vcpu, Ticks now)
{
    auto const& parameters = vcpu.parameters();
    auto& account = vcpu.account();
    auto const remaining = elapsed(now, account.deadline);
    bool const sound = account.budget_left <= parameters.budget && remaining <= parameters.period;
    if (sound && remaining != Ticks(0) &&
        static_cast<unsigned __int128>(account.budget_left.value()) * parameters.period.value() <
            static_cast<unsigned __int128>(remaining.value()) * parameters.budget.value())
        return;
    account.deadline = now + parameters.period;
    account.budget_left = parameters.budget;
}

void reservation::charge(Schedulable& vcpu, Ticks ran, Ticks now)
{
    auto& account = vcpu.account();
    if (ran < account.budget_left)
    {
        account.budget_left -= ran;
        return;
    }
    auto const used_up = now - (ran - account.budget_left);
    account.budget_left = {};
    auto const next_period = std::max(account.deadline, used_up);
    if (now < next_period)
        return;
    auto const had = now - next_period;
    bool const long_ago = had >= vcpu.parameters().period;
    renew(vcpu, long_ago ? now : next_period);
    if (!long_ago)
        account.budget_left -= std::min(account.budget_left, had);
}

} // namespace ovm::policy
