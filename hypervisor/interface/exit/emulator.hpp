#pragma once

#include <cstdint>
#include <span>

#include "arch/x86_64/instruction/decoder.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"

namespace ovm::interface
{

/// What the emulator touches: one vcpu's registers, its memory by segment and offset, and the device that the exit
/// is about. Tests give it a fake.
class Emulated_vcpu
{
public:
    virtual std::uint64_t general(unsigned number) = 0;
    virtual void set_general(unsigned number, std::uint64_t value) = 0;
    virtual std::uint64_t flags() = 0;
    virtual void set_flags(std::uint64_t flags) = 0;
    virtual std::uint64_t rip() = 0;
    /// CR0 and CR8. An error: the vcpu has been given its fault.
    virtual std::uint64_t control(unsigned number) = 0;
    virtual Result<> set_control(unsigned number, std::uint64_t value) = 0;
    /// Moves by segment base and offset; RAM or a device behind. An error: the vcpu has been given its fault.
    virtual Result<std::uint64_t> load(arch::instruction::Segment_register segment, std::uint64_t offset,
                                       unsigned size) = 0;
    virtual Result<> store(arch::instruction::Segment_register segment, std::uint64_t offset, unsigned size,
                           std::uint64_t value) = 0;
    /// The device at the faulting address; no fault is possible.
    virtual std::uint64_t load_device(unsigned size) = 0;
    virtual void store_device(unsigned size, std::uint64_t value) = 0;
    virtual std::uint32_t in(std::uint16_t port, unsigned size) = 0;
    virtual void out(std::uint16_t port, unsigned size, std::uint32_t value) = 0;

protected:
    ~Emulated_vcpu() = default;
};

enum class Emulation : std::uint8_t
{
    done,   ///< the instruction has retired: advance by its length
    again,  ///< one step of a repeated instruction is done; execute it again
    fault,  ///< the vcpu has been given a fault: do not advance
    unknown ///< none of the instructions that are executed here
};

/// Executes one instruction that met a device instead of RAM, a string port instruction, or a write to a control
/// register. Flags and results as the
/// APM volume 3 gives them for each instruction.
Emulation emulate(Emulated_vcpu& vcpu, const arch::instruction::Decoded& instruction);

} // namespace ovm::interface
