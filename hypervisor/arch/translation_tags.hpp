#pragma once

#include <cstdint>

#include "base/contract.hpp"
#include "base/strong.hpp"

namespace ovm::arch
{

/// A guest's name in one core's translation buffer (ASID, VPID). A default one is held nowhere.
struct Translation_tag
{
    std::uint64_t generation = 0; ///< core in the high bits, so that no two cores share one; 0 is nobody's
    std::uint32_t number = 0;
};

/// Gives out one core's translation tags. A tag is used by one owner only until all are used up; then a new generation
/// begins, which makes every tag invalid, and its first entry flushes the whole translation buffer.
/// So an owner that forgets its tag (translations were tightened, it ran on another core) and takes another one can
/// never meet what it left behind.
/// Invariant:   1 <= next_ <= count_; tag 0 is the host's and is never given out.
/// Concurrency: its own core only.
class Translation_tags
{
public:
    struct Grant
    {
        Translation_tag tag{};
        bool flush_all = false; ///< the entry that first uses the tag must flush every tag of the core
    };

    /// `count` tags, 0 included, as the processor says; at least 2.
    Translation_tags(Core_id core, std::uint32_t count)
        : count_(count), next_(count), generation_(std::uint64_t{core.value()} << core_shift | 1)
    {
        OVM_REQUIRES_THAT(count >= 2);
    }

    bool holds(const Translation_tag& tag) const { return tag.generation == generation_; }

    /// What the buffer held before this object is unknown, so the very first grant flushes too.
    Grant take()
    {
        bool const exhausted = next_ == count_;
        if (exhausted)
        {
            ++generation_;
            next_ = 1;
        }
        return {{generation_, next_++}, exhausted};
    }

private:
    static constexpr unsigned core_shift = 48;

    std::uint32_t count_;
    std::uint32_t next_;
    std::uint64_t generation_;
};

} // namespace ovm::arch
