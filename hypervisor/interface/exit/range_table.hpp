#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "base/static_vector.hpp"

namespace ovm::interface
{

/// Disjoint ranges of numbers (ports, addresses, MSRs), each with its owner.
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

    /// From the highest down: tables are short, and what guests ask for most, the local APIC, lies highest.
    const Entry* find(std::uint64_t number) const
    {
        for (auto at = entries_.size(); at > 0; --at)
        {
            auto const& entry = entries_[at - 1];
            if (entry.first <= number)
                return number <= entry.last ? &entry : nullptr;
        }
        return nullptr;
    }

private:
    Static_vector<Entry, N> entries_{};
};

} // namespace ovm::interface
