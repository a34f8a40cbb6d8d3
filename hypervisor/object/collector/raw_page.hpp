#pragma once

#include <cstdint>
#include <new>
#include <span>
#include <utility>

#include "arch/processor.hpp"
#include "object/collector/object_header.hpp"
#include "object/collector/size_classes.hpp"

/// The few casts between pages, slots and objects.
namespace ovm::object
{

/// Makes a page's header at the start of its pages.
template <typename Page, typename... Arguments>
Page& make_page(Host_physical at, Pages pages, Arguments&&... arguments)
{
    auto const bytes = arch::physical_bytes(at, to_bytes(pages));
    return *::new (bytes.data()) Page(pages, std::forward<Arguments>(arguments)...);
}

/// The bytes behind a page's header, which are its slots.
template <typename Page>
std::span<std::uint8_t> slots_of(const Page& page)
{
    auto const begin = reinterpret_cast<std::uint64_t>(&page) + sizeof(Page);
    return {reinterpret_cast<std::uint8_t*>(begin), to_bytes(page.pages()).value() - sizeof(Page)};
}

/// The page whose header stands before this object: objects begin in the first page of what they are in.
template <typename Page>
Page& page_of(const Object_header& header)
{
    return *reinterpret_cast<Page*>(reinterpret_cast<std::uint64_t>(&header) & ~(page_size.value() - 1));
}

/// Where in its page an object's header lies.
inline std::uint32_t offset_in_page(const Object_header& header)
{
    return static_cast<std::uint32_t>(reinterpret_cast<std::uint64_t>(&header) & (page_size.value() - 1));
}

/// The object in an occupied slot.
inline Object_header& object_in(std::span<std::uint8_t> slot)
{
    OVM_REQUIRES_THAT(slot.size() >= sizeof(Object_header));
    return *reinterpret_cast<Object_header*>(slot.data());
}

/// Makes the header at the start of a free slot, which is of a size class and so long enough for one.
inline Object_header& make_header(std::span<std::uint8_t> slot, Quota& quota)
{
    static_assert(slot_sizes.front() >= sizeof(Object_header));
    return *::new (slot.data()) Object_header(quota);
}

/// The slot at `index` of slots of that size, which lie within `memory`.
inline std::span<std::uint8_t> slot_at(std::span<std::uint8_t> memory, std::size_t index, std::size_t size)
{
    return {memory.data() + index * size, size};
}

/// Brings what is needed soon nearer.
inline void prefetch(const void* what)
{
    __builtin_prefetch(what);
}

/// The references of an object under construction, counted by debug builds.
class Construction
{
public:
    Construction() = default;
    Construction(const void* begin, std::size_t size) : begin_(reinterpret_cast<std::uint64_t>(begin)), size_(size) {}
    void count(const void* field)
    {
        if (reinterpret_cast<std::uint64_t>(field) - begin_ < size_)
            ++references_;
    }
    std::uint32_t references() const { return references_; }

private:
    std::uint64_t begin_ = 0;
    std::uint64_t size_ = 0;
    std::uint32_t references_ = 0;
};

} // namespace ovm::object
