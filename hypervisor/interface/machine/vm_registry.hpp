#pragma once

#include <array>
#include <optional>

#include "arch/processor.hpp"
#include "interface/machine/vm_directory.hpp"
#include "memory/node_storage.hpp"

namespace ovm::interface
{

/// The machine's VMs and vcpus, who may be looked up by identity on every core: a replicated clustered object, written
/// everywhere when a VM is made or ends, or when a vcpu has moved. Shared where memory is dearer than a look-up.
/// Invariant:   a vcpu has a home from when it was placed until it left; a VM is there while its vcpus run, and until
///              core 0 has noticed that they have stopped.
/// Concurrency: any core, after open(); those who write a VM's entries do it one after the other.
/// Lifetime:    as long as the machine.
/// Failure:     none, but for looks through reference(): a core's first may meet Error::no_memory.
class Vm_registry final : private object::Representative_factory<Vm_directory>
{
public:
    using Root = object::Clustered<Vm_directory>;

    explicit Vm_registry(memory::Frame_allocator& frames);

    /// Error::full; Error::no_memory.
    Result<> open(object::Object_table& table);

    /// For who can ask again.
    object::Ref<Vm_directory> reference() const { return root_.reference(); }
    Root& root() { return root_; }
    /// The same for who cannot: where the core's own directory does not answer, the root does. Nothing: there is none.
    Virtual_machine* find(Vm_id id);
    std::optional<Core_id> home(processor::Vcpu_identity vcpu);

    void add(Vm_id id, Virtual_machine& vm);
    void remove(Vm_id id);
    void settle(processor::Vcpu_identity vcpu, Core_id core);
    void leave(processor::Vcpu_identity vcpu);

private:
    Result<object::Owned<object::Representative<Vm_directory>>> make(object::Kind kind, Node_id node) override;
    template <typename Answer, typename Ask>
    Result<Answer> ask(Ask&& ask_directory);

    std::array<std::optional<memory::Node_storage>, arch::max_nodes> storages_{};
    object::Tombstone<Vm_directory> tombstone_{};
    Root root_{object::Kind::replicated, *this, tombstone_};
};

} // namespace ovm::interface
