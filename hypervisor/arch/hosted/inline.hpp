#pragma once

#include "arch/processor.hpp"

namespace ovm::arch
{

namespace hosted
{

/// Of the calling thread's core; a thread that never said which it is is core 0.
extern constinit thread_local Core_window* current_window;

} // namespace hosted

inline Core_window& core_window()
{
    return *hosted::current_window;
}

inline Core_id this_core()
{
    return core_window().core;
}

// A slot is the entry's place in the window; each thread looks it up in its own core's.
inline Object_slot object_slot(std::size_t index)
{
    return Object_slot(offsetof(Core_window, objects) + index * sizeof(std::atomic<void*>));
}

inline std::size_t index_of(Object_slot slot)
{
    return (slot.value() - offsetof(Core_window, objects)) / sizeof(std::atomic<void*>);
}

/// One addition more than on the machine, where the slot is the address.
inline std::atomic<void*>& object_entry(Object_slot slot)
{
    return *reinterpret_cast<std::atomic<void*>*>(reinterpret_cast<std::uint8_t*>(hosted::current_window) +
                                                  slot.value());
}

inline std::atomic<void*>& object_entry_of(Core_id core, Object_slot slot)
{
    return core_window_of(core).objects[index_of(slot)];
}

} // namespace ovm::arch
