#pragma once

#include "arch/processor.hpp"

namespace ovm::arch
{

inline Core_id this_core()
{
    return core_window().core;
}

inline std::uint32_t& held_ranks()
{
    return core_window().held_ranks;
}

} // namespace ovm::arch
