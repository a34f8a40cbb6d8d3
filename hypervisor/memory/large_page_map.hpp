#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "arch/nested_table.hpp"
#include "arch/raw_bytes.hpp"
#include "memory/frames.hpp"

namespace ovm::memory
{

/// Where each 2 MiB of guest-physical memory lies that comes from a large page: the nested table's answer in one load,
/// since every crossing translates several addresses.
/// Invariant:   an entry is there only while the nested table maps that large page.
/// Concurrency: distance() any time; everything else under the owner's lock.
class Large_page_map
{
public:
    /// Not a distance, which is a multiple of 2 MiB.
    static constexpr std::uint64_t none = 1;

    Large_page_map() = default;
    Large_page_map(const Large_page_map&) = delete;
    Large_page_map& operator=(const Large_page_map&) = delete;

    /// For guest-physical addresses below `end`, all `none`. Error::no_memory.
    Result<> open(Frame_allocator& frames, Node_id node, Guest_physical end);
    /// Gives its memory back; everything is `none` then.
    void close(Frame_allocator& frames);
    Pages size() const { return Pages(entries_.size() / page_size.value()); }

    /// Host-physical minus guest-physical address (modulo 2^64), or `none`.
    OVM_VERIFIED_INLINE std::uint64_t distance(Guest_physical at) const
    {
        OVM_PRESUMES(entries_.size() % sizeof(std::uint64_t) == 0);
        auto const entry = at.value() / large_page_size.value() * sizeof(std::uint64_t);
        if (entry >= entries_.size())
            return none;
        return arch::load64_shared(entries_, entry);
    }

    /// The tables map `leaf`, of whatever size, from now on; or soon no more.
    void add(const arch::Nested_leaf& leaf) { set(leaf, leaf.frame.value() - leaf.at.value()); }
    void remove(const arch::Nested_leaf& leaf) { set(leaf, none); }

private:
    void set(const arch::Nested_leaf& leaf, std::uint64_t distance);

    std::span<std::uint8_t> entries_{};
    Host_physical frame_{};
    Page_order order_{};
};

} // namespace ovm::memory
