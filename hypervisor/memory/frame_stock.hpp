#pragma once

#include "base/generate.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"

namespace ovm::memory
{

/// Pages at hand for the core that asks: a clustered object in front of the nodes' frames, so that cores do not meet in
/// a node's lock for each page (magazines: Bonwick, Adams, 2001).
/// Failure: who is refused turns to the node.
class OVM_FAMILY Frame_stock
{
public:
    struct State
    {
    };
    class Stand_in;

    /// A page of the core's own node. Error::no_memory.
    virtual Result<Host_physical> take() = 0;
    /// Requires that it is a page of the core's own node, given out by itself.
    virtual Result<> give(Host_physical page) = 0;
    /// How many of that node's it has at hand. By any core.
    OVM_WITHOUT_ANSWER(Pages{0}) virtual Pages pages(Node_id node) const = 0;

protected:
    ~Frame_stock() = default;
};

} // namespace ovm::memory

#include "memory/frame_stock.generated.hpp"
