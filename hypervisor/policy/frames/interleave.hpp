#pragma once

#include <array>
#include <atomic>

#include "arch/processor.hpp"
#include "policy/frames/pool_frames.hpp"

namespace ovm::policy
{

/// Block after block, node after node, each order of blocks in a circle of its own: every node gives as much as the
/// others, whoever asks. What a node does not have the next ones give.
/// Concurrency: any core; all share the turn of an order.
class Interleave_frames final : public Pool_frames
{
public:
    struct Parameters
    {
        /// The nodes that take turns, a bit each; the others only give when none of these has anything.
        std::uint32_t nodes = nodes_max;

        static constexpr std::uint32_t nodes_max = (std::uint32_t{1} << arch::max_nodes) - 1;
    };

    /// Error::out_of_range; Error::invalid when the pool has none of the nodes.
    static Result<> check(const Parameters& parameters, const memory::Frame_pool& pool);

    /// Requires check().
    Interleave_frames(const memory::Frame_pool& pool, const Parameters& parameters);

    Result<memory::Frame_choice> choose(const memory::Frame_request& request, std::uint32_t place) override;
    Result<> export_state(memory::Frame_state& state) override;
    Result<> import_state(memory::Frame_state& state) override;

private:
    static constexpr std::uint32_t no_place = ~std::uint32_t{0};

    memory::Frame_choice choice_of(std::uint64_t turn) const;
    /// The node's place in the circle, if it has one.
    std::uint32_t place_of(std::uint32_t node) const;

    std::array<std::uint32_t, arch::max_nodes> circle_{}; ///< nodes, in order
    std::uint32_t count_ = 0;                             ///< of circle_
    std::array<std::atomic<std::uint64_t>, memory::page_orders> turns_{};
};

} // namespace ovm::policy
