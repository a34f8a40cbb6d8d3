#pragma once

#include <cstdint>

#include "base/bits.hpp"
#include "interface/exit/dispatcher.hpp"
#include "interface/exit/emulator.hpp"

namespace ovm::interface
{

/// The emulator's operands on a real vcpu: its registers, its memory through its own page tables, and the device that
/// it met.
/// Lifetime: one exit.
class Vcpu_operands final : public Emulated_vcpu
{
public:
    Vcpu_operands(Dispatcher& dispatcher, processor::Vcpu& vcpu, const Device_place& device)
        : dispatcher_(dispatcher), vcpu_(vcpu), device_(device)
    {
    }

    std::uint64_t general(unsigned number) override { return vcpu_.state().registers()[number]; }
    void set_general(unsigned number, std::uint64_t value) override { vcpu_.state().registers()[number] = value; }
    std::uint64_t flags() override { return vcpu_.state().rflags(); }
    void set_flags(std::uint64_t flags) override { vcpu_.state().set_rflags(flags); }
    std::uint64_t rip() override { return vcpu_.state().rip(); }
    std::uint64_t control(unsigned number) override
    {
        return number == 0 ? vcpu_.state().cr0() : vcpu_.state().task_priority();
    }
    Result<> set_control(unsigned number, std::uint64_t value) override;
    Result<std::uint64_t> load(arch::instruction::Segment_register segment, std::uint64_t offset,
                               unsigned size) override;
    Result<> store(arch::instruction::Segment_register segment, std::uint64_t offset, unsigned size,
                   std::uint64_t value) override;
    std::uint64_t load_device(unsigned size) override
    {
        if (device_.owner == nullptr)
            return low_bytes(~std::uint64_t{0}, size);
        return device_.owner->read_memory(vcpu_, device_.offset, size);
    }
    void store_device(unsigned size, std::uint64_t value) override
    {
        if (device_.owner != nullptr)
            device_.owner->write_memory(vcpu_, device_.offset, size, value);
    }
    std::uint32_t in(std::uint16_t port, unsigned size) override { return dispatcher_.read_port(vcpu_, port, size); }
    void out(std::uint16_t port, unsigned size, std::uint32_t value) override
    {
        dispatcher_.write_port(vcpu_, port, size, value);
    }

private:
    /// Where the operand starts, and, if it crosses into another page, where its rest lies.
    struct Place
    {
        Guest_physical first{};
        Guest_physical second{};
        unsigned in_first = 0; ///< bytes
    };

    Result<Place> place(arch::instruction::Segment_register segment, std::uint64_t offset, unsigned size, bool write);
    std::uint64_t load_part(Guest_physical at, unsigned size);
    void store_part(Guest_physical at, unsigned size, std::uint64_t value);

    Dispatcher& dispatcher_;
    processor::Vcpu& vcpu_;
    Device_place device_;
};

} // namespace ovm::interface
