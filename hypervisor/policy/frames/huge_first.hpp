#pragma once

#include "arch/processor.hpp"
#include "policy/frames/pool_frames.hpp"

namespace ovm::policy
{

/// Keeps 1 GiB and 2 MiB blocks whole for those who need them: a request is served out of blocks that are broken
/// already, on any node within reach, before another 2 MiB block is broken, and before another 1 GiB block is. Among
/// free blocks of one size, those below 2 MiB come from low addresses and the others from high ones, so that what is
/// small stays together and what is freed joins again.
/// Concurrency: any core; it holds none.
class Huge_first_frames final : public Pool_frames
{
public:
    struct Parameters
    {
        /// How many other nodes a request may go to so that no larger block is broken; 0: it stays on its node.
        std::uint32_t reach = 1;
        /// How many free blocks are looked at for the one at the best address: what a request costs, in loads.
        std::uint32_t look = 16;

        static constexpr std::uint32_t reach_max = arch::max_nodes - 1;
        static constexpr std::uint32_t look_max = 64;
    };

    /// Error::out_of_range.
    static Result<> check(const Parameters& parameters);

    /// Requires check().
    Huge_first_frames(const memory::Frame_pool& pool, const Parameters& parameters);

    Result<memory::Frame_choice> choose(const memory::Frame_request& request, std::uint32_t place) override;

private:
    Parameters parameters_;
};

} // namespace ovm::policy
