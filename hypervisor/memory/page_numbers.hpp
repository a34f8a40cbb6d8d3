#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "base/static_vector.hpp"
#include "base/strong.hpp"
#include "memory/page_order.hpp"

namespace ovm::memory
{

/// Numbers for the pages of a node, without any for its holes: the sections, of the largest block's size and alignment,
/// in which it has memory are numbered one after the other, whatever lies between them in the machine.
/// Invariant:   numbers ascend with addresses, and a number is as aligned as its page is, up to the largest block's
///              size: a block's pages have numbers in a row, and its buddy's number differs in one bit.
/// Concurrency: any core, once all was added.
class Page_numbers final
{
public:
    /// Holes without numbers are one less; further ones, each longer than a section, have some.
    static constexpr std::size_t most_runs = 8;

    /// Requires: whole pages, behind all that was added before. Error::full: more than 32 bits can number; nothing was
    /// added.
    OVM_VERIFIED Result<> add(Range<Host_physical> range);

    /// All numbers are below it.
    OVM_VERIFIED std::uint32_t count() const;
    /// Of the page that holds that address. Requires that it lies in a range that was added, or anywhere in its
    /// section.
    std::uint32_t number(Host_physical at) const;
    OVM_CONTRACT std::uint32_t contract_of_number(Host_physical at) const
    {
        OVM_REQUIRES_THAT(invariant() && !OVM_FOR_ALL(i, runs_.size(), !runs_[i].has(at)));
        OVM_MODIFIES();
        auto const found = OVM_RESULT(number(at));
        OVM_ENSURES(
            !OVM_FOR_ALL(i, runs_.size(), !runs_[i].has(at) || found - runs_[i].first != runs_[i].pages_before(at)));
        return found;
    }
    /// Requires that the number was given.
    Host_physical address(std::uint32_t number) const;
    OVM_CONTRACT Host_physical contract_of_address(std::uint32_t number) const
    {
        OVM_REQUIRES_THAT(invariant() && !OVM_FOR_ALL(i, runs_.size(), number - runs_[i].first >= runs_[i].pages()));
        OVM_MODIFIES();
        auto const found = OVM_RESULT(address(number));
        OVM_ENSURES(
            !OVM_FOR_ALL(i, runs_.size(), !runs_[i].has(number) || found != runs_[i].page(number - runs_[i].first)));
        return found;
    }

    OVM_CLASS_INVARIANT bool invariant() const { return runs_.size() <= most_runs; }

private:
    /// Sections that follow each other in the machine, up to the last range's end: one or two on most computers.
    struct Run
    {
        Range<Host_physical> memory{};
        std::uint32_t first = 0; ///< the number of its first page

        std::uint32_t pages() const { return static_cast<std::uint32_t>(memory.size.value() / page_size.value()); }
        bool has(Host_physical at) const
        {
            return at.value() >= memory.begin.value() && at.value() - memory.begin.value() < memory.size.value();
        }
        bool has(std::uint32_t number) const { return number - first < pages(); }
        /// For proofs: how many of its pages lie before that place, and where the one behind so many others is.
        std::uint32_t pages_before(Host_physical at) const
        {
            return static_cast<std::uint32_t>((at.value() - memory.begin.value()) / page_size.value());
        }
        Host_physical page(std::uint32_t number) const
        {
            return Host_physical(memory.begin.value() + std::uint64_t{number} * page_size.value());
        }
    };

    Static_vector<Run, most_runs> runs_{};
};

} // namespace ovm::memory
