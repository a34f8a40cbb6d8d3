#pragma once

#include "arch/processor.hpp"
#include "arch/x86_64/layout.hpp"

namespace ovm::arch
{

inline Core_window& core_window()
{
    return *reinterpret_cast<Core_window*>(core_window_at.value());
}

inline Core_id this_core()
{
    return core_window().core;
}

inline Object_slot object_slot(std::size_t index)
{
    return Object_slot((core_window_at + Bytes(offsetof(Core_window, objects))).value() +
                       index * sizeof(std::atomic<void*>));
}

inline std::size_t index_of(Object_slot slot)
{
    return (slot.value() - object_slot(0).value()) / sizeof(std::atomic<void*>);
}

inline std::atomic<void*>& object_entry(Object_slot slot)
{
    return *reinterpret_cast<std::atomic<void*>*>(slot.value());
}

inline std::atomic<void*>& object_entry_of(Core_id core, Object_slot slot)
{
    return core_window_of(core).objects[index_of(slot)];
}

inline void pause()
{
    asm volatile("pause");
}

inline Ticks time_stamp()
{
    std::uint32_t low;
    std::uint32_t high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return Ticks(std::uint64_t{high} << 32 | low);
}

inline std::span<std::uint8_t> physical_bytes(Host_physical at, Bytes size)
{
    return {reinterpret_cast<std::uint8_t*>(direct_map.value() + at.value()), size.value()};
}

inline Host_physical physical_address(const void* shown)
{
    return Host_physical(reinterpret_cast<std::uint64_t>(shown) - direct_map.value());
}

} // namespace ovm::arch
