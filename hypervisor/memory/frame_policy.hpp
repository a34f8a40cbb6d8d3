#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/generate.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "memory/page_order.hpp"
#include "object/module/family.hpp"

namespace ovm::memory
{

/// Which of a node's free blocks that would do serves a request.
struct Block_choice
{
    /// Which of those looked at (with a colour: the first that has it), and which half of one that is broken (with a
    /// colour: the half that has it, and only if both do, this).
    enum class End : std::uint8_t
    {
        any, ///< the first; the lower
        low, ///< at the lowest address; the lower
        high,
    };

    Page_order largest = huge_order; ///< no free block of a higher order is broken for it
    End end = End::any;
    std::uint8_t look = 1; ///< free blocks of one size to look at, at least 1
    /// log2 of a number of colours, which a page has by its number: pages of different colours share no set of a cache
    /// that is indexed by address. 0: any colour will do.
    std::uint8_t colours = 0;
    std::uint8_t colour = 0; ///< wanted of a single page; a larger block has several

    static constexpr std::uint8_t most_look = 64;
    static constexpr std::uint8_t most_colours = 6;

    bool operator==(const Block_choice&) const = default;
    /// A block of that order can be found so, in a time that is bounded.
    constexpr bool is_possible(Page_order order) const
    {
        return largest <= huge_order && look >= 1 && look <= most_look && colours <= most_colours &&
               (colours == 0 || (order == small_order && colour < 1u << colours));
    }
};

/// Whoever is named is a VM; 0 is OVM itself.
inline constexpr Vm_id no_owner{0};

/// Who asks for what.
struct Frame_request
{
    Page_order order{};
    Node_id near{}; ///< a wish, one of the nodes
    Vm_id owner = no_owner;
    std::uint32_t nodes = 1; ///< that there are: 0 to nodes - 1
};

/// Where to look for it.
struct Frame_choice
{
    Node_id node{};
    Block_choice block{};
};

/// What a frame policy leaves to the next one. What the frames are, and who has them, is no policy's: the pool's.
struct Frame_state
{
    enum Loss : std::uint32_t
    {
        none = 0,
        /// That node is not among those that the next policy serves.
        turn OVM_LOST("whose turn it was") = 1,
    };
    OVM_LOSSES

    /// The node whose turn it is, for each order of blocks.
    std::array<std::uint32_t, page_orders> turns{};
    std::uint32_t lost = none;
};

/// Policy: which frames a request gets. It says where to look; the pool looks there, and knows which frames are free.
/// Concurrency: choose() on any core, by several at a time.
/// Failure:     Error::busy: the policy is being replaced.
class OVM_FAMILY Frame_policy
{
public:
    using State = Frame_state;
    class Stand_in;
    template <typename Way>
    class Forwarder;

    /// Where to look next, after so many places that had nothing. Error::no_memory: nowhere, at the latest at
    /// most_places.
    virtual Result<Frame_choice> choose(const Frame_request& request, std::uint32_t place) = 0;
    static constexpr std::uint32_t most_places = 32;

    /// It may be asked to go on afterwards, as if nothing had been.
    virtual Result<> export_state(Frame_state& state) = 0;
    /// Called once, on a new policy, first; adds to `lost` what it cannot keep. Error::invalid: the state names a node
    /// that this machine lacks.
    virtual Result<> import_state(Frame_state& state) = 0;

protected:
    ~Frame_policy() = default;
};

} // namespace ovm::memory

#include "memory/frame_policy.generated.hpp"

template <>
inline constexpr ovm::object::Family_id ovm::object::family_id<ovm::memory::Frame_policy> =
    ovm::object::Family_id::frames;
