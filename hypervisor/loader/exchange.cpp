#include "loader/exchange.hpp"

namespace ovm::loader
{

namespace
{

bool is_of(const object::Adaptor& adaptor, const Provided_policy& policy)
{
    return adaptor.family() == policy.family;
}

/// Its policy of that family and name.
std::optional<std::size_t> find(const Module& module, object::Family_id family, std::string_view name)
{
    for (std::size_t index = 0; index < module.policies(); ++index)
    {
        if (module.policy(index).family == family && module.policy(index).name == name)
            return index;
    }
    return {};
}

/// Whether somebody else provides a policy of that name.
bool is_taken(const object::Adaptor& adaptor, std::string_view name, const Module* instead)
{
    auto const place = adaptor.find(name);
    if (!place)
        return false;
    auto const theirs = instead == nullptr ? std::nullopt : find(*instead, *adaptor.family(), name);
    return !theirs || adaptor.place_of(instead->factory(*theirs)) != *place;
}

} // namespace

Result<> offer(const Module& module, object::Adaptor& adaptor)
{
    for (std::size_t index = 0; index < module.policies(); ++index)
    {
        auto const& factory = module.factory(index);
        if (is_of(adaptor, module.policy(index)) && !adaptor.place_of(factory))
            OVM_TRY(adaptor.offer(factory));
    }
    return {};
}

std::optional<Refusal> offer(const Module& module, const Module* instead, std::span<object::Adaptor* const> adaptors)
{
    for (auto const* const adaptor : adaptors)
    {
        for (std::size_t index = 0; index < module.policies(); ++index)
        {
            auto const& policy = module.policy(index);
            if (is_of(*adaptor, policy) && is_taken(*adaptor, policy.name, instead))
                return Refusal::policy_taken;
        }
        if (instead == nullptr)
            continue;
        auto const used = in_charge(*instead, *adaptor);
        if (used && !find(module, *adaptor->family(), instead->policy(*used).name))
            return Refusal::policy_missing;
    }
    for (auto* const adaptor : adaptors)
    {
        if (!offer(module, *adaptor))
            return Refusal::no_slot;
    }
    return {};
}

std::optional<std::size_t> in_charge(const Module& module, const object::Adaptor& adaptor)
{
    for (std::size_t index = 0; index < module.policies(); ++index)
    {
        if (is_of(adaptor, module.policy(index)) && adaptor.place_of(module.factory(index)) == adaptor.current())
            return index;
    }
    return {};
}

bool is_in_use(const Module& module, std::span<object::Adaptor* const> adaptors)
{
    return std::ranges::any_of(adaptors, [&](const auto* adaptor) { return in_charge(module, *adaptor).has_value(); });
}

Result<> withdraw(const Module& module, std::span<object::Adaptor* const> adaptors)
{
    for (auto* const adaptor : adaptors)
    {
        for (std::size_t index = 0; index < module.policies(); ++index)
        {
            auto const place = adaptor->place_of(module.factory(index));
            if (!place)
                continue;
            if (!adaptor->claim())
                return Error::busy;
            bool const is_free = *place != adaptor->current();
            if (is_free)
                adaptor->withdraw(*place);
            adaptor->disclaim();
            if (!is_free)
                return Error::busy;
        }
    }
    return {};
}

Result<> fill_swap(object::Swap& swap, const Module& before, const Module& next,
                   std::span<object::Adaptor* const> adaptors)
{
    for (auto* const adaptor : adaptors)
    {
        auto const used = in_charge(before, *adaptor);
        if (!used)
            continue;
        auto const same = find(next, *adaptor->family(), before.policy(*used).name);
        auto const place = same ? adaptor->place_of(next.factory(*same)) : std::nullopt;
        if (!place)
            return Error::not_found;
        object::Parameters parameters(adaptor->description(*place));
        parameters.adopt(adaptor->parameters());
        OVM_TRY(swap.add({adaptor, *place, parameters}));
    }
    return {};
}

} // namespace ovm::loader
