#include "predictor.hpp"

#include <algorithm>

#include "base/bits.hpp"

namespace ovm::modules
{

using processor::Halt_account;
using processor::Halt_state;
using processor::Vcpu_identity;

namespace
{

/// A sleep far beyond the longest window says no more than one a little beyond it: so a mean forgets it soon.
constexpr std::uint64_t longest_sleep = 4;
constexpr std::uint64_t share = 8;

} // namespace

Result<> Predictor::check(object::Values values)
{
    if (Ticks(values[0]) > longest_window)
        return Error::out_of_range;
    return {};
}

std::optional<std::uint32_t> Predictor::number(Vcpu_identity vcpu) const
{
    auto const vm = vcpu.vm.value();
    auto const index = vcpu.index.value();
    if (vm == 0 || vm > most_vms || index >= processor::most_vcpus)
        return std::nullopt;
    return (vm - 1) * processor::most_vcpus + index;
}

Result<Ticks> Predictor::poll(Vcpu_identity vcpu, Halt_account& account, Ticks)
{
    account.window = Ticks(0);
    if (auto const at = number(vcpu); at && means_[*at] != 0 && Ticks(means_[*at]) <= max_)
    {
        account.window = std::min(Ticks(means_[*at]) * 2, max_);
        account.polls = saturating_add(account.polls, 1);
    }
    OVM_ENSURES(account.window <= max_);
    return account.window;
}

Result<> Predictor::woke(Vcpu_identity vcpu, Halt_account& account, Ticks slept, bool was_polling)
{
    if (was_polling)
        account.hits = saturating_add(account.hits, 1);
    if (auto const at = number(vcpu))
    {
        auto const most = max_.value() * longest_sleep;
        auto const sleep = std::min(slept.value(), most);
        auto const mean = std::min(means_[*at], most);
        means_[*at] = mean == 0 ? sleep : mean - mean / share + sleep / share;
    }
    return {};
}

Result<> Predictor::export_state(Halt_state& state)
{
    state.longest = longest_;
    return {};
}

Result<> Predictor::import_state(Halt_state& state)
{
    if (state.longest > max_)
        state.lost |= Halt_state::window;
    longest_ = std::max(state.longest, max_);
    OVM_ENSURES(longest_ >= state.longest && longest_ >= max_);
    return {};
}

} // namespace ovm::modules
