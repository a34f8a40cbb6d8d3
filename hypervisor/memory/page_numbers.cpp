#include "memory/page_numbers.hpp"

#include <limits>

#include "base/bits.hpp"

namespace ovm::memory
{

Result<> Page_numbers::add(Range<Host_physical> range)
{
    OVM_REQUIRES_THAT(range.begin.is_aligned(page_size) && range.size.value() % page_size.value() == 0);
    OVM_REQUIRES_THAT(range.size > Bytes{0} && (runs_.empty() || range.begin >= runs_.back().memory.end()));
    auto const begin = range.begin.align_down(huge_page_size);
    auto const joins =
        !runs_.empty() && (begin <= runs_.back().memory.end().align_up(huge_page_size) || runs_.size() == most_runs);
    auto const first = joins ? runs_.back().first : align_up(count(), bit(huge_order.value()));
    Range<Host_physical> memory{joins ? runs_.back().memory.begin : begin, {}};
    memory.size = range.end() - memory.begin;
    if (first + memory.size.value() / page_size.value() > std::numeric_limits<std::uint32_t>::max())
        return Error::full;
    if (joins)
        runs_.pop_back();
    return runs_.push_back({memory, static_cast<std::uint32_t>(first)});
}

std::uint32_t Page_numbers::count() const
{
    return runs_.empty() ? 0 : runs_[runs_.size() - 1].first + runs_[runs_.size() - 1].pages();
}

std::uint32_t Page_numbers::number(Host_physical at) const
{
    for (std::size_t i = 0; i < runs_.size(); ++i)
    {
        OVM_LOOP_INVARIANT(OVM_FOR_ALL(before, i, !runs_[before].has(at)));
        auto const& run = runs_[i];
        if (run.has(at))
            return run.first + static_cast<std::uint32_t>((at - run.memory.begin).value() / page_size.value());
    }
    OVM_UNREACHABLE("a page of another node");
}

Host_physical Page_numbers::address(std::uint32_t number) const
{
    for (std::size_t i = 0; i < runs_.size(); ++i)
    {
        OVM_LOOP_INVARIANT(OVM_FOR_ALL(before, i, !runs_[before].has(number)));
        auto const& run = runs_[i];
        if (run.has(number))
            return run.memory.begin + Bytes(std::uint64_t{number - run.first} * page_size.value());
    }
    OVM_UNREACHABLE("no page has that number");
}

} // namespace ovm::memory
