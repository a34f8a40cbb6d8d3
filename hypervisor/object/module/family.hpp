#pragma once

#include <cstdint>

namespace ovm::object
{

/// The families of policies that modules may provide. The numbers are part of the modules' format.
enum class Family_id : std::uint32_t
{
    scheduler = 1,
    halt = 2,
    population = 3,
    placement = 4,
    frames = 5,
};

inline constexpr Family_id last_family = Family_id::frames;

/// Each family that modules may provide says which it is, beside its interface:
///
///     template <> inline constexpr object::Family_id object::family_id<Scheduler> = object::Family_id::scheduler;
template <typename Family>
extern const Family_id family_id;

} // namespace ovm::object
