#include "interface/exit/emulator.hpp"

#include "interface/exit/arithmetic.hpp"

namespace ovm::interface
{

using arch::instruction::Decoded;
using arch::instruction::Operand;
using arch::instruction::Operation;
using arch::instruction::Segment_register;

namespace
{

constexpr unsigned rax = 0;
constexpr unsigned rcx = 1;
constexpr unsigned rdx = 2;
constexpr unsigned rsi = 6;
constexpr unsigned rdi = 7;

std::uint64_t read_register(Emulated_vcpu& vcpu, unsigned number, unsigned size, bool high)
{
    auto const value = vcpu.general(number);
    return low_bytes(high ? value >> 8 : value, size);
}

/// A 32-bit result clears the upper half; 8 and 16 bits leave the rest (APM volume 1, 3.1.2).
void write_register(Emulated_vcpu& vcpu, unsigned number, unsigned size, bool high, std::uint64_t value)
{
    if (size >= 4)
        return vcpu.set_general(number, low_bytes(value, size));
    auto const old = vcpu.general(number);
    vcpu.set_general(number, high ? with_field(old, 8, 8, value) : with_field(old, 0, size * 8, value));
}

std::uint64_t read_operand(Emulated_vcpu& vcpu, const Decoded& instruction, const Operand& operand)
{
    switch (operand.kind)
    {
    case Operand::Kind::general:
        return read_register(vcpu, operand.number, operand.size, operand.high_byte);
    case Operand::Kind::memory:
        return vcpu.load_device(operand.size);
    case Operand::Kind::immediate:
        return low_bytes(instruction.immediate, instruction.operand_size);
    default:
        return 0;
    }
}

void write_operand(Emulated_vcpu& vcpu, const Operand& operand, std::uint64_t value)
{
    if (operand.kind == Operand::Kind::general)
        write_register(vcpu, operand.number, operand.size, operand.high_byte, value);
    else if (operand.kind == Operand::Kind::memory)
        vcpu.store_device(operand.size, low_bytes(value, operand.size));
}

void set_arithmetic(Emulated_vcpu& vcpu, std::uint64_t flags)
{
    vcpu.set_flags((vcpu.flags() & ~arithmetic_flags) | flags);
}

void advance_index(Emulated_vcpu& vcpu, const Decoded& instruction, unsigned number)
{
    auto const step = std::uint64_t{instruction.operand_size};
    auto const old = vcpu.general(number);
    auto const moved = (vcpu.flags() & direction_flag) != 0 ? old - step : old + step;
    write_register(vcpu, number, instruction.address_size, false, moved);
}

/// One element of a string instruction. A repeated one does a single step each time, so that an interrupt finds the
/// registers consistent between any two.
Emulation emulate_string(Emulated_vcpu& vcpu, const Decoded& instruction)
{
    bool const repeated = instruction.prefixes.rep || instruction.prefixes.repne;
    auto const count = low_bytes(vcpu.general(rcx), instruction.address_size);
    if (repeated && count == 0)
        return Emulation::done;

    auto const size = instruction.operand_size;
    auto const source = low_bytes(vcpu.general(rsi), instruction.address_size);
    auto const destination = low_bytes(vcpu.general(rdi), instruction.address_size);
    auto const segment = instruction.prefixes.segment.value_or(Segment_register::ds);
    auto const port = static_cast<std::uint16_t>(vcpu.general(rdx));

    std::uint64_t value = vcpu.general(rax);
    if (instruction.operation == Operation::movs || instruction.operation == Operation::lods ||
        instruction.operation == Operation::outs)
    {
        auto const loaded = vcpu.load(segment, source, size);
        if (!loaded)
            return Emulation::fault;
        value = *loaded;
    }
    if (instruction.operation == Operation::outs)
        vcpu.out(port, size, static_cast<std::uint32_t>(value));
    else if (instruction.operation == Operation::lods)
        write_register(vcpu, rax, size, false, value);
    else
    {
        if (instruction.operation == Operation::ins)
            value = vcpu.in(port, size);
        if (!vcpu.store(Segment_register::es, destination, size, low_bytes(value, size)))
            return Emulation::fault;
    }

    if (instruction.operation == Operation::movs || instruction.operation == Operation::lods ||
        instruction.operation == Operation::outs)
        advance_index(vcpu, instruction, rsi);
    if (instruction.operation == Operation::movs || instruction.operation == Operation::stos ||
        instruction.operation == Operation::ins)
        advance_index(vcpu, instruction, rdi);
    if (!repeated)
        return Emulation::done;
    write_register(vcpu, rcx, instruction.address_size, false, count - 1);
    return count == 1 ? Emulation::done : Emulation::again;
}

Emulation emulate_exchange(Emulated_vcpu& vcpu, const Decoded& instruction)
{
    auto const size = instruction.operand_size;
    auto const old = read_operand(vcpu, instruction, instruction.destination);
    auto const source = read_operand(vcpu, instruction, instruction.source);
    if (instruction.operation == Operation::xchg)
    {
        write_operand(vcpu, instruction.destination, source);
        write_operand(vcpu, instruction.source, old);
    }
    else if (instruction.operation == Operation::xadd)
    {
        auto const sum = add(old, source, 0, size);
        write_operand(vcpu, instruction.source, old);
        write_operand(vcpu, instruction.destination, sum.value);
        set_arithmetic(vcpu, sum.flags);
    }
    else
    {
        auto const expected = read_register(vcpu, rax, size, false);
        set_arithmetic(vcpu, subtract(expected, old, 0, size).flags);
        if (expected == old)
            write_operand(vcpu, instruction.destination, source);
        else
            write_register(vcpu, rax, size, false, old);
    }
    return Emulation::done;
}

Emulation emulate_unary(Emulated_vcpu& vcpu, const Decoded& instruction)
{
    auto const size = instruction.operand_size;
    auto const old = read_operand(vcpu, instruction, instruction.destination);
    auto const carry = vcpu.flags() & carry_flag;
    Computed result{~old, 0};
    if (instruction.operation == Operation::neg)
        result = subtract(0, old, 0, size);
    else if (instruction.operation == Operation::inc)
        result = add(old, 1, 0, size);
    else if (instruction.operation == Operation::dec)
        result = subtract(old, 1, 0, size);
    write_operand(vcpu, instruction.destination, result.value);
    if (instruction.operation == Operation::neg)
        set_arithmetic(vcpu, result.flags);
    else if (instruction.operation != Operation::logical_not)
        set_arithmetic(vcpu, (result.flags & ~carry_flag) | carry); // INC and DEC leave the carry alone
    return Emulation::done;
}

/// The bit is taken modulo the operand size: what a bit offset in a register adds to the address has been applied by
/// the processor when it reported the fault.
Emulation emulate_bit(Emulated_vcpu& vcpu, const Decoded& instruction)
{
    auto const size = instruction.operand_size;
    auto const position = static_cast<unsigned>(read_operand(vcpu, instruction, instruction.source) % (size * 8));
    auto const old = read_operand(vcpu, instruction, instruction.destination);
    vcpu.set_flags((vcpu.flags() & ~carry_flag) | ((old >> position) & 1));
    if (instruction.operation == Operation::bts)
        write_operand(vcpu, instruction.destination, old | bit(position));
    else if (instruction.operation == Operation::btr)
        write_operand(vcpu, instruction.destination, old & ~bit(position));
    else if (instruction.operation == Operation::btc)
        write_operand(vcpu, instruction.destination, old ^ bit(position));
    return Emulation::done;
}

std::uint64_t effective_address(Emulated_vcpu& vcpu, const Decoded& instruction)
{
    auto const& memory = instruction.memory;
    auto address = static_cast<std::uint64_t>(memory.displacement);
    if (memory.rip_relative)
        address += vcpu.rip() + instruction.length;
    if (memory.base)
        address += vcpu.general(*memory.base);
    if (memory.index)
        address += vcpu.general(*memory.index) * memory.scale;
    return low_bytes(address, instruction.address_size);
}

/// MOV to CR0 or CR8, and LMSW (APM volume 3).
Emulation emulate_control_write(Emulated_vcpu& vcpu, const Decoded& instruction)
{
    if (instruction.operation == Operation::mov_control)
    {
        auto const& to = instruction.destination;
        if (to.kind != Operand::Kind::control)
            return Emulation::unknown;
        auto const value = read_operand(vcpu, instruction, instruction.source);
        return vcpu.set_control(to.number, value) ? Emulation::done : Emulation::fault;
    }
    constexpr unsigned size = 2;
    Result<std::uint64_t> word = std::uint64_t{0};
    if (instruction.source.kind == Operand::Kind::memory)
        word = vcpu.load(instruction.memory.segment, effective_address(vcpu, instruction), size);
    else
        word = read_operand(vcpu, instruction, instruction.source);
    if (!word)
        return Emulation::fault;
    // PE, MP, EM and TS; PE stays once it is set.
    constexpr std::uint64_t loaded = mask(0, 4);
    constexpr std::uint64_t replaced = mask(1, 3);
    auto const value = (vcpu.control(0) & ~replaced) | (*word & loaded);
    return vcpu.set_control(0, value) ? Emulation::done : Emulation::fault;
}

std::uint64_t reversed(std::uint64_t value, unsigned size)
{
    return std::byteswap(value) >> (64 - size * 8);
}

/// MOV of 4 bytes between a register and the device: what nearly all that drivers do to a device is, and done without
/// looking at each operand's kind twice. False for any other instruction.
inline bool emulate_plain_move(Emulated_vcpu& vcpu, const Decoded& instruction)
{
    auto const& to = instruction.destination;
    auto const& from = instruction.source;
    constexpr unsigned size = 4;
    if (instruction.operation != Operation::mov || to.size != size || from.size != size)
        return false;
    if (to.kind == Operand::Kind::general && from.kind == Operand::Kind::memory)
        vcpu.set_general(to.number, low_bytes(vcpu.load_device(size), size));
    else if (to.kind == Operand::Kind::memory && from.kind == Operand::Kind::general)
        vcpu.store_device(size, low_bytes(vcpu.general(from.number), size));
    else
        return false;
    return true;
}

/// Apart, as what it needs registers for is no concern of plain moves.
[[gnu::noinline]] Emulation emulate_any(Emulated_vcpu& vcpu, const Decoded& instruction)
{
    auto const size = instruction.operand_size;
    switch (instruction.operation)
    {
    case Operation::mov:
    case Operation::movnti:
    case Operation::movzx:
        write_operand(vcpu, instruction.destination, read_operand(vcpu, instruction, instruction.source));
        return Emulation::done;
    case Operation::movbe:
        write_operand(vcpu, instruction.destination,
                      reversed(read_operand(vcpu, instruction, instruction.source), size));
        return Emulation::done;
    case Operation::movsx:
    case Operation::movsxd:
    {
        auto const value = read_operand(vcpu, instruction, instruction.source);
        auto const shift = 64 - instruction.source.size * 8;
        auto const extended = static_cast<std::uint64_t>(static_cast<std::int64_t>(value << shift) >> shift);
        write_operand(vcpu, instruction.destination, extended);
        return Emulation::done;
    }
    case Operation::add:
    case Operation::adc:
    case Operation::sub:
    case Operation::sbb:
    case Operation::logical_and:
    case Operation::logical_or:
    case Operation::logical_xor:
    case Operation::cmp:
    case Operation::test:
    {
        auto const left = read_operand(vcpu, instruction, instruction.destination);
        auto const right = read_operand(vcpu, instruction, instruction.source);
        auto const result = compute(instruction.operation, left, right, size, vcpu.flags());
        if (instruction.operation != Operation::cmp && instruction.operation != Operation::test)
            write_operand(vcpu, instruction.destination, result.value);
        set_arithmetic(vcpu, result.flags);
        return Emulation::done;
    }
    case Operation::xchg:
    case Operation::xadd:
    case Operation::cmpxchg:
        return emulate_exchange(vcpu, instruction);
    case Operation::logical_not:
    case Operation::neg:
    case Operation::inc:
    case Operation::dec:
        return emulate_unary(vcpu, instruction);
    case Operation::bt:
    case Operation::bts:
    case Operation::btr:
    case Operation::btc:
        return emulate_bit(vcpu, instruction);
    case Operation::movs:
    case Operation::stos:
    case Operation::lods:
    case Operation::ins:
    case Operation::outs:
        return emulate_string(vcpu, instruction);
    case Operation::mov_control:
    case Operation::lmsw:
        return emulate_control_write(vcpu, instruction);
    default:
        return Emulation::unknown;
    }
}

} // namespace

Emulation emulate(Emulated_vcpu& vcpu, const Decoded& instruction)
{
    if (emulate_plain_move(vcpu, instruction))
        return Emulation::done;
    return emulate_any(vcpu, instruction);
}

} // namespace ovm::interface
