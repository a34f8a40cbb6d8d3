#pragma once

#include <cstdint>

#include "base/contract.hpp"
#include "policy/scheduler/deadline_links.hpp"
#include "processor/schedulable.hpp"

namespace ovm::policy
{

/// Vcpus by deadline (place.key), each with a second number (place.value) of which every subtree knows the least: so
/// the earliest deadline among those below a limit is found in one descent, as Linux's EEVDF does it. A treap (Seidel
/// and Aragon, 1996) through the places: O(log n) expected for everything, over priorities that do not depend on what
/// guests do and that every run repeats. Nothing is allocated and nothing recurses. Subtrees are split and joined
/// instead of rotated: so every step leaves whole trees, and is proved alone.
/// Invariant:   in order of place.key, those with equal ones as they came; every priority is below the parent's, so
///              that ways down and up end; place.links.least is the least place.value of the subtree. Both scales may
///              wrap.
/// Concurrency: the owner's.
class Deadline_tree
{
public:
    bool empty() const { return root_ == nullptr; }
    /// Of all the earliest deadline; none of none.
    processor::Schedulable* first() const;
    OVM_CONTRACT processor::Schedulable* contract_of_first() const;
    /// The earliest deadline among those whose value is not above the limit, or none.
    processor::Schedulable* first_within(std::int64_t limit) const;
    OVM_CONTRACT processor::Schedulable* contract_of_first_within(std::int64_t limit) const;
    /// Requires that nobody changes key and value while it is in.
    void insert(processor::Schedulable& vcpu, std::int64_t key, std::int64_t value);
    void remove(processor::Schedulable& vcpu);

    /// Whether it is in a tree.
    static bool is_node(const processor::Schedulable& vcpu) { return links::is_in_tree(vcpu); }
    /// For proofs: what holds of this tree; links::are_linked() holds beside it, of every vcpu in whatever tree.
    bool is_sound() const { return random_ != 0 && (root_ == nullptr || links::is_top(*root_)); }

private:
    OVM_VERIFIED std::uint64_t next_priority();
    void split(processor::Schedulable& top, processor::Schedulable& vcpu);
    OVM_CONTRACT void contract_of_split(processor::Schedulable& top, processor::Schedulable& vcpu);
    void join(processor::Schedulable& vcpu, processor::Schedulable* top, processor::Schedulable* other,
              links::Side inner);
    OVM_CONTRACT void contract_of_join(processor::Schedulable& vcpu, processor::Schedulable* top,
                                       processor::Schedulable* other, links::Side inner);
    processor::Schedulable* enter(processor::Schedulable& vcpu, std::uint64_t priority, processor::Schedulable* above,
                                  links::Side side);
    OVM_CONTRACT processor::Schedulable* contract_of_enter(processor::Schedulable& vcpu, std::uint64_t priority,
                                                           processor::Schedulable* above, links::Side side);
    OVM_CONTRACT void contract_of_insert(processor::Schedulable& vcpu, std::int64_t key, std::int64_t value);
    OVM_CONTRACT void contract_of_remove(processor::Schedulable& vcpu);

    processor::Schedulable* root_ = nullptr;
    std::uint64_t random_ = 0x9e37'79b9'7f4a'7c15;
};

} // namespace ovm::policy
