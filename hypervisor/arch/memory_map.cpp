#include "arch/memory_map.hpp"

namespace ovm::arch
{

namespace
{

/// The part of `range` inside of `limit`; may be empty.
Range<Host_physical> intersection(Range<Host_physical> range, Range<Host_physical> limit)
{
    auto const begin = range.begin > limit.begin ? range.begin : limit.begin;
    auto const end = range.end() < limit.end() ? range.end() : limit.end();
    return {begin, end > begin ? end - begin : Bytes(0)};
}

/// No processor has more physical address bits than 52.
constexpr Range<Host_physical> addressable{Host_physical(0), Bytes(std::uint64_t{1} << 52)};

} // namespace

void Memory_map::build(const Boot_information& information)
{
    ranges_.clear();
    for (auto const& entry : information.memory)
    {
        auto const range = intersection(entry.range, addressable);
        auto const begin = range.begin.align_up(page_size);
        auto const end = range.end().align_down(page_size);
        if (entry.type == Memory_type::usable && end > begin)
            add({begin, end - begin});
    }
    for (auto const& entry : information.memory)
    {
        if (entry.type != Memory_type::usable)
            remove(intersection(entry.range, addressable));
    }
}

void Memory_map::add(Range<Host_physical> range)
{
    remove(range);
    std::size_t at = 0;
    while (at < ranges_.size() && ranges_[at].begin < range.begin)
        ++at;
    if (at < ranges_.size() && range.end() == ranges_[at].begin)
    {
        range.size += ranges_[at].size;
        ranges_.erase(at);
    }
    if (at > 0 && ranges_[at - 1].end() == range.begin)
        ranges_[at - 1].size += range.size;
    else
        keep(range, at);
}

void Memory_map::keep(Range<Host_physical> range, std::size_t at)
{
    static_cast<void>(ranges_.insert(at, range));
}

void Memory_map::remove(Range<Host_physical> range)
{
    if (range.size == Bytes(0))
        return;
    auto const begin = range.begin.align_down(page_size);
    auto const end = range.end().align_up(page_size);
    for (std::size_t i = 0; i < ranges_.size();)
    {
        auto const old = ranges_[i];
        if (old.end() <= begin || end <= old.begin)
        {
            ++i;
            continue;
        }
        Range<Host_physical> const before{old.begin, begin > old.begin ? begin - old.begin : Bytes(0)};
        Range<Host_physical> const after{end, old.end() > end ? old.end() - end : Bytes(0)};
        ranges_.erase(i);
        auto const first = before.size >= after.size ? before : after;
        auto const second = before.size >= after.size ? after : before;
        if (first.size != Bytes(0))
            keep(first, i);
        if (second.size != Bytes(0))
            keep(second, second.begin > first.begin ? i + 1 : i);
    }
}

std::optional<Host_physical> Memory_map::take(Bytes size, Bytes alignment, Host_physical limit)
{
    OVM_REQUIRES_THAT(size.value() != 0 && size.value() % page_size.value() == 0);
    for (std::size_t i = ranges_.size(); i-- > 0;)
    {
        auto const range = ranges_[i];
        auto const end = range.end() < limit ? range.end() : limit;
        if (end <= range.begin || end - range.begin < size)
            continue;
        auto const place = (end - size).align_down(alignment);
        if (place < range.begin)
            continue;
        remove({place, size});
        return place;
    }
    return {};
}

Bytes Memory_map::total() const
{
    Bytes sum{};
    for (auto const& range : ranges_)
        sum += range.size;
    return sum;
}

void split_by_node(std::span<const Range<Host_physical>> free, std::span<const Node_memory> nodes,
                   Static_vector<Free_range, 256>& into)
{
    for (auto const& range : free)
    {
        auto at = range.begin;
        while (at < range.end())
        {
            auto end = range.end();
            Node_id node{};
            for (auto const& memory : nodes)
            {
                auto const begin = memory.range.begin.align_up(page_size);
                auto const stop = memory.range.end().align_down(page_size);
                if (begin <= at && at < stop)
                {
                    node = memory.node;
                    end = stop < end ? stop : end;
                }
                else if (at < begin && begin < end)
                {
                    end = begin;
                }
            }
            static_cast<void>(into.push_back({{at, end - at}, node}));
            at = end;
        }
    }
}

} // namespace ovm::arch
