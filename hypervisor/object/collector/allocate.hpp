#pragma once

#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "object/collector/local_heap.hpp"
#include "object/collector/traced.hpp"

namespace ovm::object
{

template <typename T>
void finalise(Collected& object)
{
    std::destroy_at(static_cast<T*>(&object));
}

template <typename T>
inline constexpr Object_type object_type{.name = T::type_name,
                                         .size = sizeof(T),
                                         .finalise = std::is_trivially_destructible_v<T> ? nullptr : &finalise<T>,
                                         .traced = T::trace_map()};

/// The steps of an allocation, for a slot whose size is known.
template <typename T, typename... Arguments>
[[gnu::always_inline]] inline Result<T*> allocate_in(Local_heap& heap, Quota& quota, std::size_t size_class,
                                                     std::size_t charged, Arguments&&... arguments)
{
    static_assert(std::is_base_of_v<Collected, T> && alignof(T) <= alignof(Object_header));
    static_assert(names_each_once(object_type<T>.traced), "a trace map names a reference twice");
    auto* const header = heap.take_header(quota, size_class, charged);
    if (header == nullptr) [[unlikely]]
        return Error::no_memory;
    [[maybe_unused]] auto const outer = heap.construction();
    if constexpr (arch::poisons)
        heap.construction() = Construction(header + 1, sizeof(T));
    auto* const object = ::new (header + 1) T(std::forward<Arguments>(arguments)...);
    // Collected comes first, so that object, header and slot are found from one another.
    OVM_INVARIANT(static_cast<void*>(static_cast<Collected*>(object)) == static_cast<void*>(header + 1));
    if constexpr (arch::poisons)
    {
        OVM_INVARIANT(heap.construction().references() == object_type<T>.traced_count()); // the trace map names each
        heap.construction() = outer;
    }
    header->set_type(object_type<T>);
    if constexpr (object_type<T>.finalise != nullptr)
        Heap_page::of(*header).note_apart(*header);
    heap.born(*header);
    return object;
}

/// A new object on this core's heap, charged to the quota. It lives as long as references lead to it; until the end of
/// the crossing, this pointer does. Its class derives from Collected and has
///
///     static constexpr std::string_view type_name = "node";
///     OVM_TRACE_MAP
///
/// Its destructor runs in a sweep on this core: it finds its references empty, stores none and allocates nothing.
/// Failure: Error::no_memory, nothing changed; a collection is requested.
template <typename T, typename... Arguments>
Result<T*> allocate(Local_heap& heap, Quota& quota, Arguments&&... arguments)
{
    constexpr auto size = sizeof(Object_header) + sizeof(T);
    static_assert(size <= largest_slot);
    return allocate_in<T>(heap, quota, size_class_of(size), charged_size(size), std::forward<Arguments>(arguments)...);
}

/// As allocate(), with so many bytes behind the object that hold no reference: room_of(). Requires that both fit into
/// largest_slot.
template <typename T, typename... Arguments>
Result<T*> allocate_with_room(Local_heap& heap, Quota& quota, std::size_t room, Arguments&&... arguments)
{
    auto const size = sizeof(Object_header) + sizeof(T) + room;
    OVM_REQUIRES_THAT(size <= largest_slot);
    return allocate_in<T>(heap, quota, size_class_of(size), charged_size(size), std::forward<Arguments>(arguments)...);
}

template <typename T>
std::span<std::uint8_t> room_of(T& object, std::size_t room)
{
    return {reinterpret_cast<std::uint8_t*>(&object + 1), room};
}

} // namespace ovm::object
