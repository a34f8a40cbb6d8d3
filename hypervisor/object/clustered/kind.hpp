#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "arch/processor.hpp"
#include "base/bits.hpp"

namespace ovm::object
{

/// How a clustered object is spread over the machine.
enum class Kind : std::uint8_t
{
    shared,      ///< one representative, which every core calls
    replicated,  ///< one on each core, all alike: read here, write everywhere
    partitioned, ///< one on each core, each with its part
    per_node,    ///< one on each node, each with its part
};

constexpr std::string_view to_text(Kind kind)
{
    switch (kind)
    {
    case Kind::shared:
        return "shared";
    case Kind::replicated:
        return "replicated";
    case Kind::partitioned:
        return "partitioned";
    case Kind::per_node:
        return "per-node";
    }
    return "unknown";
}

/// The kind of that name.
constexpr std::optional<Kind> kind_named(std::string_view name)
{
    for (auto const kind : std::array{Kind::shared, Kind::replicated, Kind::partitioned, Kind::per_node})
    {
        if (to_text(kind) == name)
            return kind;
    }
    return std::nullopt;
}

/// The places where a clustered object has, or could have, a representative, as bits; a seat's number is that of its
/// core or node.
using Seats = std::uint64_t;
static_assert(arch::max_cores <= 64 && arch::max_nodes <= 64);

inline constexpr std::uint32_t max_seats = arch::max_cores;

constexpr bool contains(Seats seats, std::uint32_t seat)
{
    return (seats >> seat & 1) != 0;
}

/// Whose representative a core calls.
inline std::uint32_t seat_of(Kind kind, Core_id core)
{
    switch (kind)
    {
    case Kind::shared:
        return 0;
    case Kind::replicated:
    case Kind::partitioned:
        return core.value();
    case Kind::per_node:
        return arch::node_of(core).value();
    }
    return 0;
}

/// The seats of all cores that have started.
inline Seats all_seats(Kind kind)
{
    Seats seats = 0;
    for (std::uint32_t core = 0; core < arch::core_count(); ++core)
        seats |= bit(seat_of(kind, Core_id(core)));
    return seats;
}

} // namespace ovm::object
