#pragma once

#include <atomic>
#include <compare>

#include "arch/core_window.hpp"
#include "arch/processor.hpp"
#include "base/strong.hpp"

namespace ovm::object
{

/// The name of an object: one word, valid on every core. The word is where the object's entry is in every core's
/// window, so that one load leads each core to its own representative of it (Tornado: Gamsa, Krieger, Appavoo, Stumm,
/// 1999; K42).
/// Invariant:   the entry of a live reference always leads to a T: a representative, or a stand-in that answers for
///              one that is missing, gated or gone. So a call needs no check.
/// Concurrency: any core, inside a crossing; what it leads to is used there only (epochs.pml: use_reference).
template <typename T>
class Ref
{
public:
    Ref() = default;
    explicit Ref(arch::Object_slot slot) : slot_(slot) {}

    T* operator->() const { return &here(); }
    T& operator*() const { return here(); }
    /// epochs.pml: load_reference; swap.pml: load_slot. This core's representative, or its stand-in.
    T& here() const { return *static_cast<T*>(arch::object_entry(slot_).load(std::memory_order_acquire)); }

    arch::Object_slot slot() const { return slot_; }
    explicit operator bool() const { return slot_ != arch::Object_slot{}; }
    auto operator<=>(const Ref&) const = default;

private:
    arch::Object_slot slot_{};
};

/// epochs.pml: unpublish. Leads a core's references to this object from now on. The caller sees to it that what they
/// led to before is not destroyed before a grace period has passed.
template <typename T>
void publish(Core_id core, Ref<T> reference, T& representative)
{
    arch::object_entry_of(core, reference.slot()).store(&representative, std::memory_order_release);
}

} // namespace ovm::object
