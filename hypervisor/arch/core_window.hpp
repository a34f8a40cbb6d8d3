#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "arch/fault.hpp"
#include "base/strong.hpp"

namespace ovm
{
class Spin_lock;
}

namespace ovm::object
{
class Adaptor;
class Local_heap;
class Local_space;
class Trace_ring;
} // namespace ovm::object

namespace ovm::processor
{
class Core;
class Vcpu;
} // namespace ovm::processor

namespace ovm::arch
{

struct Exit;
class Injection_plan;
class Undo;

/// The guest and its last exit, as a crash record names them. Kept by who runs vcpus, from one change of vcpu to the
/// next, so that an exit costs nothing here.
struct Guest_at_hand
{
    Vm_id vm{}; ///< 0: no guest has run here, or none is at hand
    Vcpu_index vcpu{};
    const Exit* exit = nullptr; ///< the vcpu's, overwritten by each exit
};

/// Entries of the object table; one for each object that is named by a reference.
inline constexpr std::size_t object_slots = 8192;
/// Locks a core can hold at once: one of each rank.
inline constexpr std::size_t lock_ranks = 16;

/// Where an object's entry is in every core's window: on a machine literally its address.
using Object_slot = Strong<struct Object_slot_tag, std::uint64_t>;

/// What a core knows of itself: at the same address on each core, other memory behind it.
/// Concurrency: only its own core writes, but for `objects` and `injections`; others may read what is atomic, and
///              counters, of which they get a recent value.
struct Core_window
{
    Core_id core{};
    std::uint32_t held_ranks = 0; ///< arch/lock.hpp
    Node_id node{};
    std::uint32_t commit_sections = 0; ///< arch/crossing.hpp
    Fault_domain domain = Fault_domain::none;
    object::Adaptor* resource = nullptr; ///< whose policy is at hand, while the domain is policy
    processor::Vcpu* vcpu = nullptr;     ///< who is at hand, while the domain is guest
    Undo* undo = nullptr;                ///< what a discard takes back, the latest first
    Guest_at_hand guest{};
    processor::Core* current = nullptr; ///< the upper floors' objects of this core; arch does not look at them
    object::Local_space* local = nullptr;
    object::Local_heap* heap = nullptr;  ///< of collected objects
    bool records_deletions = false;      ///< object/collector/traced.hpp: what is overwritten is marked first
    std::atomic<std::uint64_t> epoch{0}; ///< object/clustered/epoch.hpp
    Ticks deadline{}; ///< of a machine's one-shot timer, which is armed again for it when it was clipped
    std::uint64_t crossings = 0;
    std::array<std::uint64_t, 32> exits{}; ///< by Exit_kind
    std::uint64_t crossing_mark = 0;       ///< arch/crossing.hpp; 0: nothing to go back to
    Fault fault{};                         ///< why the last crossing was discarded
    /// By rank: held, if this core owns it, or waited for.
    std::array<Spin_lock*, lock_ranks> held_locks{};
    std::atomic<std::uint64_t> hang_seen{0};          ///< the epoch that a neighbour wants to end (arch/hang.hpp)
    std::atomic<std::uint32_t> hang_due{0};           ///< NMIs of its wishes that are on their way
    std::uint64_t hang_epoch = 0;                     ///< of the last such wish that this core looked at
    std::uint32_t hang_wishes = 0;                    ///< how many there were for it
    object::Trace_ring* trace = nullptr;              ///< made by the aspect `trace`; else there is none
    std::atomic<Injection_plan*> injections{nullptr}; ///< set by the aspect `fault`'s command; else there is none
    /// The object table: this core's representative of each object.
    alignas(page_size.value()) std::array<std::atomic<void*>, object_slots> objects{};
};

/// This core's own part of the per-core window.
Core_window& core_window();
/// Another core's, by its number below window_count(). Cores that have not started have one, too.
Core_window& core_window_of(Core_id core);
std::uint32_t window_count();
/// This core's entry, and another core's.
std::atomic<void*>& object_entry(Object_slot slot);
std::atomic<void*>& object_entry_of(Core_id core, Object_slot slot);
/// The slot of entry `index` < object_slots. Never 0.
Object_slot object_slot(std::size_t index);
std::size_t index_of(Object_slot slot);

} // namespace ovm::arch
