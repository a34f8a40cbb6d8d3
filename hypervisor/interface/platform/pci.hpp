#pragma once

#include <array>
#include <cstdint>

#include "arch/lock.hpp"
#include "base/result.hpp"
#include "base/static_vector.hpp"
#include "interface/exit/device.hpp"
#include "interface/platform/reset_control.hpp"

namespace ovm::interface
{

/// One function's configuration space, as its bus sees it (PCI 3.0, chapter 6; PCI Express 5.0, 7.2).
class Pci_function
{
public:
    /// `offset` below 4096, naturally aligned to `size` (1, 2, 4).
    virtual std::uint32_t read_configuration(unsigned offset, unsigned size) = 0;
    virtual void write_configuration(unsigned offset, unsigned size, std::uint32_t value) = 0;

protected:
    ~Pci_function() = default;
};

/// The bridge between processor and bus 0: it is there to be found, and does nothing.
class Pci_host_bridge final : public Pci_function
{
public:
    static constexpr std::uint32_t vendor_and_device =
        0x29c0'8086; ///< Intel 82G33 (Q35): what drivers expect beside ECAM

    std::uint32_t read_configuration(unsigned offset, unsigned size) override;
    void write_configuration(unsigned, unsigned, std::uint32_t) override {}
};

/// Bus 0 of a VM: 32 slots of 8 functions, reached by ports CF8h to CFFh and by ECAM. Port CF9h in their midst is the
/// reset register's.
/// Concurrency: functions are added before the first vcpu runs; lock_ holds the address register. A function locks
///              itself.
class Pci_bus final : public Port_device, public Memory_device
{
public:
    static constexpr std::uint16_t first_port = 0xcf8;
    static constexpr std::uint16_t port_count = 8;
    static constexpr std::uint64_t ecam_base = 0xe000'0000;
    static constexpr std::uint64_t ecam_size = 1u << 20; ///< one bus

    explicit Pci_bus(Reset_control& reset_control) : reset_control_(reset_control) {}

    /// Error::out_of_range, Error::exists, Error::full.
    Result<> add(unsigned slot, unsigned function, Pci_function& owner);
    void reset();

    std::uint32_t read_port(processor::Vcpu&, std::uint16_t port, unsigned size) override { return read(port, size); }
    void write_port(processor::Vcpu&, std::uint16_t port, unsigned size, std::uint32_t value) override
    {
        write(port, size, value);
    }
    std::uint32_t read(std::uint16_t port, unsigned size);
    void write(std::uint16_t port, unsigned size, std::uint32_t value);

    std::uint64_t read_memory(processor::Vcpu&, Bytes offset, unsigned size) override
    {
        return read_ecam(offset.value(), size);
    }
    void write_memory(processor::Vcpu&, Bytes offset, unsigned size, std::uint64_t value) override
    {
        write_ecam(offset.value(), size, value);
    }
    /// An access of 8 bytes is two of 4.
    std::uint64_t read_ecam(std::uint64_t offset, unsigned size);
    void write_ecam(std::uint64_t offset, unsigned size, std::uint64_t value);

private:
    struct Entry
    {
        unsigned place = 0; ///< slot * 8 + function
        Pci_function* owner = nullptr;
    };
    /// Where a configuration access goes.
    struct Target
    {
        unsigned place = 0;
        unsigned offset = 0;
    };

    Pci_function* find(unsigned place) const;
    bool decode_locked(std::uint16_t port, unsigned size, Target& target) const OVM_REQUIRES(lock_);
    std::uint32_t read_ecam_word(std::uint64_t offset, unsigned size) const;
    void write_ecam_word(std::uint64_t offset, unsigned size, std::uint32_t value) const;
    std::uint32_t read_target(const Target& target, unsigned size) const;
    void write_target(const Target& target, unsigned size, std::uint32_t value) const;

    Reset_control& reset_control_;
    Static_vector<Entry, 32> functions_{};
    Ranked_lock<Rank::device> lock_;
    std::uint32_t address_ OVM_GUARDED_BY(lock_) = 0;
};

} // namespace ovm::interface
