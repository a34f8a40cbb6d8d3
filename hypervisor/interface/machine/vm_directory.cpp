#include "interface/machine/vm_directory.hpp"

#include <algorithm>

#include "arch/processor.hpp"
#include "base/contract.hpp"

namespace ovm::interface
{

using processor::Vcpu_identity;

namespace
{

static_assert(arch::max_cores < 256, "a home is a byte");

constexpr bool is_possible(Vm_id id)
{
    return processor::is_possible({id, Vcpu_index(0)});
}

/// Where a vcpu's byte is in its word.
constexpr unsigned shift_of(Vcpu_identity vcpu)
{
    return vcpu.index.value() % 8 * 8;
}

} // namespace

Result<Virtual_machine*> Vm_table::vm(Vm_id id) const
{
    auto* const vm = is_possible(id) ? vms_[id.value() - 1].load(std::memory_order_acquire) : nullptr;
    if (vm == nullptr)
        return Error::not_found;
    return vm;
}

Result<Core_id> Vm_table::home(Vcpu_identity vcpu) const
{
    if (!processor::is_possible(vcpu))
        return Error::not_found;
    auto const& word = homes_[vcpu.vm.value() - 1][vcpu.index.value() / 8];
    auto const byte = word.load(std::memory_order_relaxed) >> shift_of(vcpu) & 0xff;
    if (byte == 0)
        return Error::not_found;
    return Core_id(static_cast<std::uint32_t>(byte - 1));
}

void Vm_table::set_vm(Vm_id id, Virtual_machine* vm)
{
    OVM_REQUIRES_THAT(is_possible(id));
    vms_known_ = std::max(vms_known_, id.value());
    vms_[id.value() - 1].store(vm, std::memory_order_release);
}

void Vm_table::set_home(Vcpu_identity vcpu, std::optional<Core_id> core)
{
    OVM_REQUIRES_THAT(processor::is_possible(vcpu));
    vms_known_ = std::max(vms_known_, vcpu.vm.value());
    auto& word = homes_[vcpu.vm.value() - 1][vcpu.index.value() / 8];
    auto const others = word.load(std::memory_order_relaxed) & ~(std::uint64_t{0xff} << shift_of(vcpu));
    std::uint64_t const byte = core ? core->value() + 1 : 0;
    word.store(others | byte << shift_of(vcpu), std::memory_order_relaxed);
}

void Vm_table::merge_into(State& state)
{
    state.vms_known = vms_known_;
    for (std::uint32_t vm = 0; vm < vms_known_; ++vm)
    {
        state.vms[vm] = vms_[vm].load(std::memory_order_relaxed);
        for (std::size_t word = 0; word < homes_[vm].size(); ++word)
            state.homes[vm][word] = homes_[vm][word].load(std::memory_order_relaxed);
    }
}

void Vm_table::split_from(State& state, std::uint32_t)
{
    copy_from(state);
}

void Vm_table::copy_from(const State& state)
{
    vms_known_ = state.vms_known;
    for (std::uint32_t vm = 0; vm < vms_known_; ++vm)
    {
        vms_[vm].store(state.vms[vm], std::memory_order_relaxed);
        for (std::size_t word = 0; word < homes_[vm].size(); ++word)
            homes_[vm][word].store(state.homes[vm][word], std::memory_order_relaxed);
    }
}

} // namespace ovm::interface
