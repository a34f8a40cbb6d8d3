#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "base/generate.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "object/clustered/clustered.hpp"
#include "processor/vcpu_identity.hpp"

namespace ovm::interface
{

class Virtual_machine;

/// Who is where, by identity: each VM that there is, and the core of each vcpu. A clustered object (vm_registry.hpp),
/// so that a look-up touches its own core's memory alone.
/// Concurrency: looks by any core; writes by the registry, which lets nobody else write meanwhile.
/// Failure:     Error::busy to a look: the object changes its kind, ask again.
class OVM_FAMILY Vm_directory
{
public:
    /// Eight vcpus a word, a byte for each: its core's number and one more, 0 while it has no home.
    using Homes = std::array<std::uint64_t, processor::most_vcpus / 8>;
    struct State;
    class Stand_in;

    /// Error::not_found: there is none now. It lasts as long as the caller keeps it from ending: on core 0, where VMs
    /// end, or on the core of a vcpu that did not stop.
    virtual Result<Virtual_machine*> vm(Vm_id id) const = 0;
    /// Error::not_found: there is no such vcpu now. It may be on its way to another core.
    virtual Result<Core_id> home(processor::Vcpu_identity vcpu) const = 0;

    // By the registry. While nobody answers, there is nothing to write to either: what replaces it gets the knowledge
    // of those that do.

    OVM_WITHOUT_ANSWER() virtual void set_vm(Vm_id id, Virtual_machine* vm) = 0;
    OVM_WITHOUT_ANSWER() virtual void set_home(processor::Vcpu_identity vcpu, std::optional<Core_id> core) = 0;

protected:
    ~Vm_directory() = default;
};

struct Vm_directory::State
{
    std::uint32_t vms_known = 0; ///< of VMs above it nothing is known
    std::array<Virtual_machine*, processor::most_vms> vms{};
    std::array<Homes, processor::most_vms> homes{};
};

/// All of it: the only one, or one of those that are alike.
/// Invariant:   of VMs above vms_known_ nothing is known.
class Vm_table final : public object::Representative<Vm_directory>
{
public:
    Result<Virtual_machine*> vm(Vm_id id) const override;
    Result<Core_id> home(processor::Vcpu_identity vcpu) const override;
    void set_vm(Vm_id id, Virtual_machine* vm) override;
    void set_home(processor::Vcpu_identity vcpu, std::optional<Core_id> core) override;

    // As long as there are VMs: three words for each.
    void merge_into(State& state) override;
    void split_from(State& state, std::uint32_t sharers) override;
    void copy_from(const State& state) override;

private:
    std::array<std::atomic<Virtual_machine*>, processor::most_vms> vms_{};
    std::array<std::array<std::atomic<std::uint64_t>, processor::most_vcpus / 8>, processor::most_vms> homes_{};
    std::uint32_t vms_known_ = 0; ///< by who writes
};

} // namespace ovm::interface

#include "interface/machine/vm_directory.generated.hpp"
