#include "object/adaptor/return.hpp"

#include "arch/processor.hpp"

namespace ovm::object
{

void Return::want(Adaptor& adaptor, Adaptor::Failed failed)
{
    if (failed == Adaptor::Failed::next)
        return;
    adaptor.wish_return(failed == Adaptor::Failed::either ? Adaptor::Wish::same : Adaptor::Wish::other);
    start(core_);
}

Adaptor::Good Return::built_in_of(const Adaptor& adaptor)
{
    return {built_in, Parameters(adaptor.description(built_in))};
}

Adaptor::Good Return::target(const Adaptor& adaptor, Adaptor::Wish wish)
{
    if (wish == Adaptor::Wish::same)
        return {adaptor.current(), adaptor.parameters()};
    auto const& good = adaptor.last_good();
    bool const on_probation =
        wish == Adaptor::Wish::other && arch::time_stamp() - adaptor.since() < arch::to_ticks(probation);
    if (on_probation && good && good->policy != adaptor.current())
        return *good;
    return built_in_of(adaptor);
}

Job::Step Return::step()
{
    if (!swap_.idle())
        return Step::wait; // its end starts this again
    bool others_wait = false;
    for (auto* const adaptor : owner_.adaptors())
    {
        auto const wish = adaptor->wish();
        if (wish == Adaptor::Wish::none)
            continue;
        if (begin(*adaptor, target(*adaptor, wish)))
            return Step::wait;
        others_wait = true;
    }
    return others_wait ? Step::again : Step::wait;
}

bool Return::begin(Adaptor& adaptor, const Adaptor::Good& to)
{
    swap_.prepare("OVM", true);
    if (!swap_.add({&adaptor, to.policy, to.parameters}))
        return false; // another swap of it is under way
    static_cast<void>(adaptor.take_wish());
    swap_.begin(core_, this);
    return true;
}

void Return::swap_ended(const Swap& swap)
{
    auto const& request = swap.requests().front();
    auto& adaptor = *request.adaptor;
    start(core_);
    bool const may_be_tried = request.policy != built_in || swap.error() == Error::no_memory;
    if (swap.succeeded() || !may_be_tried)
        return owner_.returned(adaptor, swap.succeeded());
    adaptor.wish_return(Adaptor::Wish::built_in);
}

} // namespace ovm::object
