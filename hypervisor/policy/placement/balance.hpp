#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/result.hpp"
#include "base/strong.hpp"
#include "processor/placement.hpp"

namespace ovm::policy
{

/// When a difference between two cores is worth a move.
struct Balance_parameters
{
    Nanoseconds interval{100'000'000}; ///< at least so long between two decisions
    std::uint32_t busy = 800;          ///< permille of the time: below that, nobody on a core waits long
    std::uint32_t margin = 2;          ///< so many more run or wait there than where one moves to

    static constexpr std::uint32_t margin_min = 2; ///< a move of one would only turn a difference of one round
    static constexpr std::uint32_t margin_max = 16;
    static constexpr Nanoseconds interval_min{1'000'000};
    static constexpr Nanoseconds interval_max{10'000'000'000};
};

/// Error::out_of_range.
Result<> check(const Balance_parameters& parameters);

struct Imbalance
{
    Core_id from{};
    Core_id to{};
};

/// The most and the least loaded of all cores, or of those of one node, when a move from one to the other pays; of
/// several nodes, that with the greatest difference. Nodes beyond max_nodes are not looked at.
enum class Reach : std::uint8_t
{
    machine,
    node,
};
std::optional<Imbalance> find_imbalance(std::span<const processor::Core_load> loads, Reach reach,
                                        const Balance_parameters& parameters);

} // namespace ovm::policy
