#include "object/adaptor/adaptor.hpp"

namespace ovm::object
{

Result<std::size_t> Adaptor::find(std::string_view policy) const
{
    for (std::size_t index = 0; index < policies(); ++index)
    {
        if (description(index).name == policy)
            return index;
    }
    return Error::not_found;
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
