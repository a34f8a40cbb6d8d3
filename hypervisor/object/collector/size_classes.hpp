#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/strong.hpp"

namespace ovm::object
{

/// Bytes at the start of a page that are the collector's own.
inline constexpr std::size_t page_header_size = 128;
inline constexpr std::size_t page_payload = page_size.value() - page_header_size;

/// Slot sizes, headers included: multiples of 16 that leave little of a page unused.
inline constexpr std::array<std::uint16_t, 16> slot_sizes{32,  48,  64,  80,  96,  128,  160,  192,
                                                          256, 320, 432, 560, 784, 1312, 1984, 3968};
static_assert(slot_sizes.back() == page_payload);

/// An object of this class has pages of its own.
inline constexpr std::size_t large_class = slot_sizes.size();
inline constexpr std::size_t size_class_count = large_class + 1;
inline constexpr std::size_t most_slots = page_payload / slot_sizes.front();
static_assert(most_slots <= 128);

/// The largest object, header included: 2 MiB less the page's header.
inline constexpr std::size_t largest_slot = large_page_size.value() - page_header_size;

constexpr std::size_t size_class_of(std::size_t size)
{
    for (std::size_t index = 0; index < slot_sizes.size(); ++index)
    {
        if (size <= slot_sizes[index])
            return index;
    }
    return large_class;
}

/// What an object is charged: its slot, or all its pages.
constexpr std::size_t charged_size(std::size_t size)
{
    auto const index = size_class_of(size);
    if (index < large_class)
        return slot_sizes[index];
    std::size_t bytes = page_size.value();
    while (bytes < size + page_header_size)
        bytes *= 2;
    return bytes;
}

} // namespace ovm::object
