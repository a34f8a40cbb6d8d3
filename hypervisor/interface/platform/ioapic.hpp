#pragma once

#include <array>
#include <cstdint>

#include "arch/lock.hpp"
#include "interface/exit/device.hpp"
#include "interface/platform/apic_bus.hpp"
#include "interface/platform/interrupt_pin.hpp"

namespace ovm::interface
{

/// The PC's I/O APIC: 24 inputs, version 20h with an EOI register (Intel 82093AA data sheet; ICH9 data sheet, 13.5).
/// Invariant:   remote IRR is set exactly while a level interrupt that was taken has not met its end.
/// Concurrency: lock_ (Rank::interrupt); messages are handed over under it.
class Ioapic final : public Memory_device, public End_listener
{
public:
    static constexpr std::uint64_t default_base = 0xfec0'0000;
    static constexpr unsigned input_count = 24;

    Ioapic(Apic_bus& bus, std::uint8_t id) : bus_(bus), first_id_(id), id_(id) { reset(); }

    void reset();
    /// Who hears of changed masks. Before the first vcpu runs.
    void connect(Mask_listener& listener) { listener_ = &listener; }

    std::uint64_t read_memory(processor::Vcpu&, Bytes offset, unsigned) override { return read(offset.value()); }
    void write_memory(processor::Vcpu&, Bytes offset, unsigned, std::uint64_t value) override
    {
        write(offset.value(), static_cast<std::uint32_t>(value));
    }
    std::uint32_t read(std::uint64_t offset);
    void write(std::uint64_t offset, std::uint32_t value);

    /// Inputs from 24 on do nothing.
    Acceptance set_input(unsigned input, bool level);

    void end_of_interrupt(std::uint8_t vector) override;

private:
    std::uint32_t read_register_locked() const OVM_REQUIRES(lock_);
    bool write_locked(std::uint64_t offset, std::uint32_t value) OVM_REQUIRES(lock_);
    void write_register_locked(std::uint32_t value) OVM_REQUIRES(lock_);
    void end_locked(std::uint8_t vector) OVM_REQUIRES(lock_);
    Acceptance deliver_locked(unsigned input) OVM_REQUIRES(lock_);
    void serve_level_locked(unsigned input) OVM_REQUIRES(lock_);

    Apic_bus& bus_;
    Mask_listener* listener_ = nullptr;
    std::uint8_t first_id_;
    Ranked_lock<Rank::interrupt> lock_;
    std::array<std::uint64_t, input_count> redirections_ OVM_GUARDED_BY(lock_){};
    std::uint32_t inputs_ OVM_GUARDED_BY(lock_) = 0;
    std::uint8_t select_ OVM_GUARDED_BY(lock_) = 0;
    std::uint8_t id_ OVM_GUARDED_BY(lock_);
};

} // namespace ovm::interface
