#pragma once

#include <cstddef>
#include <cstdint>

#include "base/strong.hpp"

namespace ovm::memory
{

/// log2 of a block's size in 4 KiB pages.
using Page_order = Strong<struct Page_order_tag, std::uint8_t>;

inline constexpr Page_order small_order{0}; ///< 4 KiB
inline constexpr Page_order large_order{9}; ///< 2 MiB
inline constexpr Page_order huge_order{18}; ///< 1 GiB
inline constexpr std::size_t page_orders = 19;

constexpr Bytes size_of(Page_order order)
{
    return Bytes(page_size.value() << order.value());
}

} // namespace ovm::memory
