#pragma once

#include <cstdint>
#include <type_traits>

#include "object/module/module.hpp"

/// Between addresses and what is there. Trusted: that what stands at a module's addresses is what its records say, the
/// signature says.
namespace ovm::loader
{

template <typename Family>
object::Construct<Family> constructor_at(std::uint64_t address)
{
    return reinterpret_cast<object::Construct<Family>>(address);
}

template <typename Function>
    requires std::is_function_v<Function>
std::uint64_t address_of(Function* function)
{
    return reinterpret_cast<std::uint64_t>(function);
}

template <typename Object>
    requires(!std::is_function_v<Object>)
std::uint64_t address_of(const Object* object)
{
    return reinterpret_cast<std::uint64_t>(object);
}

/// Memory that a policy is made in.
inline object::Policy_place place_in(std::span<std::uint8_t> room)
{
    return {room.data()};
}

} // namespace ovm::loader
