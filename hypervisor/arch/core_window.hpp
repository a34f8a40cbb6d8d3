#pragma once

#include <array>
#include <cstdint>

#include "base/strong.hpp"

namespace ovm::processor
{
class Core;
}

namespace ovm::arch
{

struct Exit;

/// The guest and its last exit, as a crash record names them. Kept by who runs vcpus, from one change of vcpu to the
/// next, so that an exit costs nothing here.
struct Guest_at_hand
{
    Vm_id vm{};                ///< 0: no guest has run here, or none is at hand
    Vcpu_index vcpu{};
    const Exit* exit = nullptr; ///< the vcpu's, overwritten by each exit
};

/// What a core knows of itself: at the same address on each core, other memory behind it.
/// Concurrency: only its own core writes; others may read counters, and get a recent value.
struct Core_window
{
    Core_id core{};
    std::uint32_t held_ranks = 0;              ///< arch/lock.hpp
    Node_id node{};
    Guest_at_hand guest{};
    processor::Core* current = nullptr;        ///< the floor above's object of this core; arch does not look at it
    std::uint64_t crossings = 0;
    std::array<std::uint64_t, 32> exits{};     ///< by Exit_kind
};

} // namespace ovm::arch
