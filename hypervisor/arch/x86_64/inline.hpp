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

inline std::uint32_t& held_ranks()
{
    return core_window().held_ranks;
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

} // namespace ovm::arch
