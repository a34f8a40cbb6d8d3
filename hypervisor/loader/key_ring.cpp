#include "loader/key_ring.hpp"

#include <algorithm>

namespace ovm::loader
{

Key_ring::Key_ring(std::span<const Key> trusted)
{
    for (auto const& key : trusted)
        OVM_ASSERT(trusted_.push_back(key).has_value());
}

Key_ring::Standing Key_ring::standing(const Key& key) const
{
    if (std::ranges::find(revoked_, key) != revoked_.end())
        return Standing::revoked;
    return std::ranges::find(trusted_, key) != trusted_.end() ? Standing::trusted : Standing::unknown;
}

bool Key_ring::revokes(std::string_view name, std::uint32_t version) const
{
    return std::ranges::any_of(modules_, [&](const Revoked_module& module)
                               { return module.name == name && version <= module.version; });
}

std::optional<Refusal> Key_ring::add(const Key& key)
{
    switch (standing(key))
    {
    case Standing::revoked:
        return Refusal::key_comes_back;
    case Standing::trusted:
        return {};
    case Standing::unknown:
        break;
    }
    if (!trusted_.push_back(key))
        return Refusal::too_many_keys;
    return {};
}

std::optional<Refusal> Key_ring::revoke(const Key& key)
{
    if (standing(key) == Standing::revoked)
        return {};
    if (!revoked_.push_back(key))
        return Refusal::too_many_keys;
    for (std::size_t index = 0; index < trusted_.size(); ++index)
    {
        if (trusted_[index] != key)
            continue;
        trusted_.erase(index);
        break;
    }
    return {};
}

std::optional<Refusal> Key_ring::revoke(std::string_view name, std::uint32_t version)
{
    for (auto& module : modules_)
    {
        if (module.name != name)
            continue;
        module.version = std::max(module.version, version);
        return {};
    }
    if (!modules_.push_back({Text<format::most_name>(name), version}))
        return Refusal::too_many_keys;
    return {};
}

void Key_ring::count(std::uint64_t counter)
{
    OVM_REQUIRES_THAT(counter > counter_);
    counter_ = counter;
}

} // namespace ovm::loader
