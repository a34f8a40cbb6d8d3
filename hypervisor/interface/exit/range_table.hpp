#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "base/static_vector.hpp"

namespace ovm::interface
{

/// Disjoint ranges of numbers (ports, addresses, MSRs), each with its owner; found by binary search.
/// Invariant:   entries are sorted by `first`, and no two overlap.
/// Concurrency: filled while a VM is made, read-only afterwards.
template <typename Owner, std::size_t N>
class Range_table
{
public:
    struct Entry
    {
        std::uint64_t first = 0;
        std::uint64_t last = 0; ///< inclusive
        Owner* owner = nullptr;
    };

    /// Error::exists when the range touches one that is taken, Error::full when the table is.
    Result<> add(std::uint64_t first, std::uint64_t count, Owner& owner)
    {
        OVM_REQUIRES_THAT(count != 0 && first + (count - 1) >= first);
        std::size_t at = 0;
        while (at < entries_.size() && entries_[at].first < first)
            ++at;
        auto const last = first + (count - 1);
        if (at < entries_.size() && entries_[at].first <= last)
            return Error::exists;
        if (at > 0 && entries_[at - 1].last >= first)
            return Error::exists;
        return entries_.insert(at, Entry{first, last, &owner});
    }

    const Entry* find(std::uint64_t number) const
    {
        std::size_t low = 0;
        std::size_t high = entries_.size();
        while (low < high)
        {
            auto const middle = (low + high) / 2;
            if (entries_[middle].last < number)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < entries_.size() && entries_[low].first <= number)
            return &entries_[low];
        return nullptr;
    }

private:
    Static_vector<Entry, N> entries_{};
};

} // namespace ovm::interface
