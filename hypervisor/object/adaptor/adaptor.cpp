#include "object/adaptor/adaptor.hpp"

#include <algorithm>

namespace ovm::object
{

Result<std::size_t> Adaptor::find(std::string_view policy) const
{
    for (std::size_t index = 0; index < policies(); ++index)
    {
        if (has(index) && description(index).name == policy)
            return index;
    }
    return Error::not_found;
}

Result<std::size_t> Adaptor::offer(const Any_factory& factory)
{
    for (std::size_t place = 0; place < most_policies; ++place)
    {
        if (has(place))
            continue;
        factories_[place].store(&factory, std::memory_order_release);
        size_ = std::max(size_, place + 1);
        return place;
    }
    return Error::full;
}

void Adaptor::withdraw(std::size_t policy)
{
    OVM_REQUIRES_THAT(claimed_.load(std::memory_order_relaxed) && policy != current());
    if (last_good_ && last_good_->policy == policy)
        last_good_.reset();
    factories_[policy].store(nullptr, std::memory_order_release);
}

std::optional<std::size_t> Adaptor::place_of(const Any_factory& factory) const
{
    for (std::size_t place = 0; place < most_policies; ++place)
    {
        if (factories_[place].load(std::memory_order_relaxed) == &factory)
            return place;
    }
    return {};
}

std::string_view Adaptor::quarantine(Failed failed, std::uint64_t at) const
{
    auto const& in_charge = factory(current());
    if (failed == Failed::in_charge)
        return in_charge.quarantine();
    auto const& wanted = factory(wanted_.load(std::memory_order_acquire));
    // In an exchange either may have failed. A built-in one is not known by its code.
    if (failed == Failed::next || wanted.has_code(at))
        return wanted.quarantine();
    return in_charge.has_code(at) ? in_charge.quarantine() : std::string_view{};
}

void Adaptor::write_loss(Text_writer& text, std::uint32_t lost) const
{
    std::string_view before{};
    for (std::size_t bit = 0; bit < losses_.size(); ++bit)
    {
        if ((lost >> bit & 1) == 0)
            continue;
        text << before << losses_[bit];
        before = ", ";
    }
}

void Adaptor::now_in_charge(std::size_t policy, const Parameters& parameters, Ticks now)
{
    previous_failed_ = in_charge_failed_.exchange(false, std::memory_order_acq_rel);
    if (in_charge_ && !previous_failed_)
        last_good_ = Good{current(), parameters_};
    auto served = Wish::other; // by this: it was a wish of the one before
    wish_.compare_exchange_strong(served, Wish::none, std::memory_order_acq_rel);
    previous_ = current();
    in_charge_ = true;
    parameters_ = parameters;
    since_ = now;
    current_.store(policy, std::memory_order_release);
    if (observer_ != nullptr)
        observer_->policy_changed();
}

} // namespace ovm::object
