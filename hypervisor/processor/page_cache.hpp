#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/strong.hpp"

namespace ovm::processor
{

/// Where guest-physical pages that one vcpu's walks and fetches met lies in the host. What the guest's own tables say
/// is never kept, only where its RAM is.
/// Invariant:   an entry is true until the VM is asked to flush translations; it must be cleared before that is
/// answered. Concurrency: the vcpu's home core.
class Page_cache
{
public:
    std::optional<Host_physical> find(Guest_physical at) const
    {
        auto const page = at.value() / page_size.value();
        auto const& entry = entries_[page % entries_.size()];
        if (entry.page != page) [[unlikely]]
            return {};
        return Host_physical(entry.frame + at.value() % page_size.value());
    }
    void remember(Guest_physical at, Host_physical host)
    {
        auto const page = at.value() / page_size.value();
        entries_[page % entries_.size()] = {page, host.align_down(page_size).value()};
    }
    void clear() { entries_ = empty(); }

private:
    struct Entry
    {
        std::uint64_t page = ~std::uint64_t{0};
        std::uint64_t frame = 0;
    };
    using Entries = std::array<Entry, 32>;

    static constexpr Entries empty() { return {}; }

    Entries entries_ = empty();
};

} // namespace ovm::processor
