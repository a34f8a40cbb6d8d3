#pragma once

#include <optional>
#include <span>

#include "arch/boot.hpp"
#include "base/result.hpp"
#include "base/static_vector.hpp"
#include "base/strong.hpp"

namespace ovm::arch
{

/// RAM that nobody uses yet, before there is a frame allocator: what boot takes comes from here, and what is left goes
/// to the allocator.
/// Invariant: ranges are whole pages, sorted, disjoint and not empty.
/// Failure:   when the table is full the smaller piece is dropped: memory is lost, never given twice.
class Memory_map
{
public:
    /// The usable ranges of the loader's map, without what other entries claim, however they overlap.
    void build(const Boot_information& information);

    /// From now on not free; outward to whole pages.
    void remove(Range<Host_physical> range);

    /// The highest aligned place below `limit`, so that the big aligned blocks stay whole.
    std::optional<Host_physical> take(Bytes size, Bytes alignment, Host_physical limit);

    std::span<const Range<Host_physical>> ranges() const { return ranges_.items(); }
    Bytes total() const;

private:
    void add(Range<Host_physical> range);
    void keep(Range<Host_physical> range, std::size_t at);

    Static_vector<Range<Host_physical>, 256> ranges_{};
};

/// A node's memory, as the SRAT says it.
struct Node_memory
{
    Range<Host_physical> range{};
    Node_id node{};
};

/// Cuts the free ranges at node boundaries; what no node claims belongs to node 0. Ranges that no longer fit are
/// dropped.
void split_by_node(std::span<const Range<Host_physical>> free, std::span<const Node_memory> nodes,
                   Static_vector<Free_range, 256>& into);

} // namespace ovm::arch
