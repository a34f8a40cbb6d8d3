#include "interface/exit/dispatcher.hpp"

#include <optional>

#include "arch/injection.hpp"
#include "base/bits.hpp"
#include "interface/exit/vcpu_operands.hpp"

namespace ovm::interface
{

using arch::Exit;
using arch::Exit_kind;
using arch::Register;
using processor::Vcpu;

namespace
{

constexpr std::uint8_t invalid_opcode = 6;
constexpr std::uint8_t general_protection = 13;

constexpr std::uint64_t low_half(std::uint64_t value)
{
    return value & 0xffff'ffffu;
}

} // namespace

void Dispatcher::handle(Vcpu& vcpu, const Exit& exit)
{
    arch::injection_point("dispatcher: an exit arrived");
    switch (exit.kind)
    {
    case Exit_kind::cpuid:
        return handle_cpuid(vcpu, exit);
    case Exit_kind::msr_read:
    case Exit_kind::msr_write:
        return handle_msr(vcpu, exit);
    case Exit_kind::port:
        return handle_port(vcpu, exit);
    case Exit_kind::memory:
        return handle_memory(vcpu, exit);
    case Exit_kind::hypercall:
        return handle_call(vcpu, exit);
    case Exit_kind::halt:
        vcpu.advance(exit);
        return vcpu.halt();
    case Exit_kind::invalidate:
    case Exit_kind::pause:
        // Guests' caches are the host's: coherent without a write-back, and INVD must not lose other VMs' data.
        return vcpu.advance(exit);
    case Exit_kind::set_xcr:
        if (!vcpu.state().set_xcr0(exit.value))
            return vcpu.inject_exception(general_protection, 0);
        return vcpu.advance(exit);
    case Exit_kind::control_register:
        return handle_instruction(vcpu, {});
    case Exit_kind::monitor:
    case Exit_kind::virtualization:
        return vcpu.inject_exception(invalid_opcode, std::nullopt);
    case Exit_kind::performance_counter:
        return vcpu.inject_exception(general_protection, 0);
    case Exit_kind::shutdown:
        return events_.crashed(vcpu, exit, "triple fault");
    case Exit_kind::task_switch:
        return events_.crashed(vcpu, exit, "hardware task switch");
    case Exit_kind::invalid_state:
        return handle_invalid_state(vcpu, exit);
    case Exit_kind::interrupt:
    case Exit_kind::exception:
    case Exit_kind::interrupt_window:
    case Exit_kind::nmi:
    case Exit_kind::init:
    case Exit_kind::machine_check:
    case Exit_kind::debug_register:
    case Exit_kind::unknown:
        break;
    }
    events_.crashed(vcpu, exit, "an exit that nobody knows");
}

Result<> Dispatcher::add_ports(std::uint16_t first, std::uint16_t count, Port_device& device)
{
    bool const is_low = first < low_ports;
    if (is_low && low_count_ + 1 == low_owners_.size())
        return Error::full;
    OVM_TRY(ports_.add(first, count, device));
    if (!is_low)
        return {};
    low_owners_[++low_count_] = &device;
    for (std::size_t port = first; port < low_ports && port - first < count; ++port)
        low_[port] = static_cast<std::uint8_t>(low_count_);
    return {};
}

void Dispatcher::handle_cpuid(Vcpu& vcpu, const Exit& exit)
{
    auto& state = vcpu.state();
    auto const leaf = static_cast<std::uint32_t>(state.get(Register::rax));
    auto const subleaf = static_cast<std::uint32_t>(state.get(Register::rcx));
    auto const result = cpuid_.cpuid(vcpu, leaf, subleaf);
    state.set(Register::rax, result.eax);
    state.set(Register::rbx, result.ebx);
    state.set(Register::rcx, result.ecx);
    state.set(Register::rdx, result.edx);
    arch::injection_point("dispatcher: answered, not advanced");
    vcpu.advance(exit);
}

void Dispatcher::handle_msr(Vcpu& vcpu, const Exit& exit)
{
    if (exit.kind == Exit_kind::msr_write)
    {
        if (!msrs_.write_msr(vcpu, exit.msr, exit.value))
            return vcpu.inject_exception(general_protection, 0);
        return vcpu.advance(exit);
    }
    auto const value = msrs_.read_msr(vcpu, exit.msr);
    if (!value)
        return vcpu.inject_exception(general_protection, 0);
    vcpu.state().set(Register::rax, low_half(*value));
    vcpu.state().set(Register::rdx, *value >> 32);
    vcpu.advance(exit);
}

void Dispatcher::handle_port(Vcpu& vcpu, const Exit& exit)
{
    auto const& access = exit.port;
    if (access.string)
        return handle_instruction(vcpu, {});
    auto& state = vcpu.state();
    if (access.in)
    {
        auto const value = read_port(vcpu, access.port, access.size);
        auto const old = state.get(Register::rax);
        state.set(Register::rax, access.size == 4 ? value : with_field(old, 0, access.size * 8u, value));
    }
    else
        write_port(vcpu, access.port, access.size,
                   static_cast<std::uint32_t>(low_bytes(state.get(Register::rax), access.size)));
    vcpu.advance(exit);
}

void Dispatcher::handle_memory(Vcpu& vcpu, const Exit& exit)
{
    auto const at = exit.memory.address;
    auto const* const device = memory_.find(at.value());
    if (device == nullptr)
    {
        auto const populated = vcpu.memory().populate(at);
        if (populated)
            return;
        if (populated.error() != Error::not_found)
            return events_.crashed(vcpu, exit, "no memory for the guest's page");
    }
    // The processor does not say which linear address it was translating, so that no #PF can be given.
    if (exit.memory.page_walk)
        return events_.crashed(vcpu, exit, "page tables where there is no RAM");
    // A bus without a device reads as all-ones, and FF FF is no instruction.
    if (exit.memory.execute)
        return vcpu.inject_exception(invalid_opcode, std::nullopt);
    if (device == nullptr)
        return handle_instruction(vcpu, {});
    handle_instruction(vcpu, {device->owner, Bytes{at.value() - device->first}});
}

void Dispatcher::handle_call(Vcpu& vcpu, const Exit& exit)
{
    auto& state = vcpu.state();
    state.set(Register::rax, calls_.call(vcpu, state.get(Register::rax)));
    vcpu.advance(exit);
}

/// QEMU 7.2 leaves the guest so, at the instruction, where a processor raises #GP: reserved bits written to CR3
/// or CR4.
void Dispatcher::handle_invalid_state(Vcpu& vcpu, const Exit& exit)
{
    using arch::instruction::Operand;
    if (!vcpu.state().event_pending())
    {
        auto const decoded = vcpu.decode();
        if (decoded && decoded->operation == arch::instruction::Operation::mov_control &&
            decoded->destination.kind == Operand::Kind::control &&
            (decoded->destination.number == 3 || decoded->destination.number == 4))
            return vcpu.inject_exception(general_protection, 0);
    }
    events_.crashed(vcpu, exit, "the processor refuses the guest's state");
}

void Dispatcher::handle_instruction(Vcpu& vcpu, const Device_place& device)
{
    auto const decoded = vcpu.decode();
    if (!decoded)
    {
        if (decoded.error() == Error::not_present)
            return; // the page went away between the exit and now, and the vcpu has its fault
        if (decoded.error() == Error::out_of_range)
            return vcpu.inject_exception(general_protection, 0);
        return vcpu.inject_exception(invalid_opcode, std::nullopt);
    }
    Vcpu_operands operands(*this, vcpu, device);
    switch (emulate(operands, *decoded))
    {
    case Emulation::done:
        return vcpu.advance(decoded->length);
    case Emulation::again:
    case Emulation::fault:
        return;
    // A vector load from a device, say: no driver does that to these.
    case Emulation::unknown:
        return vcpu.inject_exception(invalid_opcode, std::nullopt);
    }
}

std::uint32_t Dispatcher::read_port(Vcpu& vcpu, std::uint16_t port, unsigned size)
{
    if (auto* const owner = port_owner(port))
        return static_cast<std::uint32_t>(low_bytes(owner->read_port(vcpu, port, size), size));
    return static_cast<std::uint32_t>(low_bytes(~std::uint64_t{0}, size));
}

void Dispatcher::write_port(Vcpu& vcpu, std::uint16_t port, unsigned size, std::uint32_t value)
{
    if (auto* const owner = port_owner(port))
        owner->write_port(vcpu, port, size, value);
}

std::uint64_t Dispatcher::read_memory(Vcpu& vcpu, Guest_physical at, unsigned size)
{
    if (auto const* entry = memory_.find(at.value()))
        return entry->owner->read_memory(vcpu, Bytes{at.value() - entry->first}, size);
    return low_bytes(~std::uint64_t{0}, size);
}

void Dispatcher::write_memory(Vcpu& vcpu, Guest_physical at, unsigned size, std::uint64_t value)
{
    if (auto const* entry = memory_.find(at.value()))
        entry->owner->write_memory(vcpu, Bytes{at.value() - entry->first}, size, value);
}

} // namespace ovm::interface
