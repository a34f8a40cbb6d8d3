#include "interface/machine/vm_registry.hpp"

namespace ovm::interface
{

using processor::Vcpu_identity;

Vm_registry::Vm_registry(memory::Frame_allocator& frames)
{
    for (std::uint32_t node = 0; node < arch::max_nodes; ++node)
        storages_[node].emplace(frames, Node_id(node));
}

/// What is written goes to directories that are there, so one is, from the beginning.
Result<> Vm_registry::open(object::Object_table& table)
{
    OVM_TRY(root_.open(table));
    auto const first = reference()->vm(Vm_id(1));
    if (!first && first.error() != Error::not_found)
        return first.error();
    return {};
}

/// What a change carries is what the directories before it know until then, so theirs is the answer at any time.
template <typename Answer, typename Ask>
Result<Answer> Vm_registry::ask(Ask&& ask_directory)
{
    Result<Answer> const answer = ask_directory(*reference());
    if (answer || answer.error() == Error::not_found)
        return answer;
    return root_.reduce(Result<Answer>(Error::not_found), [&](const Result<Answer>& before, Vm_directory& each)
                        { return before ? before : ask_directory(each); });
}

Virtual_machine* Vm_registry::find(Vm_id id)
{
    return ask<Virtual_machine*>([id](Vm_directory& directory) { return directory.vm(id); }).value_or(nullptr);
}

std::optional<Core_id> Vm_registry::home(Vcpu_identity vcpu)
{
    auto const found = ask<Core_id>([vcpu](Vm_directory& directory) { return directory.home(vcpu); });
    return found ? std::optional(*found) : std::nullopt;
}

void Vm_registry::add(Vm_id id, Virtual_machine& vm)
{
    root_.write_everywhere([&](Vm_directory& each) { each.set_vm(id, &vm); });
}

void Vm_registry::remove(Vm_id id)
{
    root_.write_everywhere([id](Vm_directory& each) { each.set_vm(id, nullptr); });
}

void Vm_registry::settle(Vcpu_identity vcpu, Core_id core)
{
    root_.write_everywhere([=](Vm_directory& each) { each.set_home(vcpu, core); });
}

void Vm_registry::leave(Vcpu_identity vcpu)
{
    root_.write_everywhere([vcpu](Vm_directory& each) { each.set_home(vcpu, std::nullopt); });
}

Result<object::Owned<object::Representative<Vm_directory>>> Vm_registry::make(object::Kind kind, Node_id node)
{
    if (kind != object::Kind::replicated && kind != object::Kind::shared)
        return Error::unsupported;
    return object::Owned<object::Representative<Vm_directory>>(
        OVM_TRY(object::make<Vm_table>(*storages_[node.value()])));
}

} // namespace ovm::interface
