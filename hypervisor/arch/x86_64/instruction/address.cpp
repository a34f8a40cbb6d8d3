#include "arch/x86_64/instruction/address.hpp"

#include <array>
#include <optional>
#include <utility>

#include "arch/x86_64/instruction/decoder.hpp"

namespace ovm::arch::instruction
{
namespace
{

constexpr uint8_t rbx = std::to_underlying(General_register::rbx);
constexpr uint8_t rsp = std::to_underlying(General_register::rsp);
constexpr uint8_t rbp = std::to_underlying(General_register::rbp);
constexpr uint8_t rsi = std::to_underlying(General_register::rsi);
constexpr uint8_t rdi = std::to_underlying(General_register::rdi);

struct Registers16
{
    uint8_t base{0};
    std::optional<uint8_t> index{};
};

/// APM 1.4.1, table "16-Bit Memory Addressing", by ModRM.rm.
constexpr std::array<Registers16, 8> registers16{{
    {rbx, rsi},
    {rbx, rdi},
    {rbp, rsi},
    {rbp, rdi},
    {rsi, {}},
    {rdi, {}},
    {rbp, {}},
    {rbx, {}},
}};

constexpr uint8_t none = 0xFF;

/// Answers the base register; as below, `none` if there is none.
uint8_t name_registers16(const Layout& layout, Memory_operand& operand)
{
    if (layout.mod() == 0 && layout.rm() == 6)
    {
        return none;
    }
    const Registers16 registers = registers16[layout.rm()];
    operand.index = registers.index;
    return registers.base;
}

inline uint8_t name_sib_registers(const Layout& layout, Memory_operand& operand)
{
    const auto index = static_cast<uint8_t>(((layout.sib >> 3) & 7) | layout.extend_index());
    if (index != rsp)
    {
        operand.index = index;
        operand.scale = static_cast<uint8_t>(1U << (layout.sib >> 6));
    }
    const uint8_t base = layout.sib & 7;
    return base == 5 && layout.mod() == 0 ? none : static_cast<uint8_t>(base | layout.extend_base());
}

inline uint8_t name_registers(const Layout& layout, Mode mode, Memory_operand& operand)
{
    const uint8_t rm = layout.rm();
    if (rm == 4)
    {
        return name_sib_registers(layout, operand);
    }
    if (rm == 5 && layout.mod() == 0)
    {
        operand.rip_relative = mode == Mode::long64;
        return none;
    }
    return static_cast<uint8_t>(rm | layout.extend_base());
}

uint64_t value_of(const std::optional<uint8_t>& number, std::span<const uint64_t, 16> registers)
{
    return number ? registers[*number & 15] : 0;
}

} // namespace

void fill_modrm_operand(const Layout& layout, std::span<const uint8_t> bytes, Mode mode, Memory_operand& operand)
{
    const uint8_t base =
        layout.address_size == 2 ? name_registers16(layout, operand) : name_registers(layout, mode, operand);
    if (base != none)
    {
        operand.base = base;
    }
    operand.displacement = read_signed(bytes, layout.displacement_at, layout.displacement_size);
    // APM volume 1, 2.1.5 "Segmentation": addresses by rSP or rBP are in the stack segment.
    const bool in_stack = base == rsp || base == rbp;
    operand.segment = layout.segment_or(in_stack ? Segment_register::ss : Segment_register::ds);
}

void fill_offset_operand(const Layout& layout, std::span<const uint8_t> bytes, Memory_operand& operand)
{
    const int64_t offset = read_signed(bytes, layout.immediate_at, layout.immediate_size);
    operand.displacement = static_cast<int64_t>(truncate(static_cast<uint64_t>(offset), layout.immediate_size));
    operand.segment = layout.segment_or(Segment_register::ds);
}

uint64_t effective_address(const Decoded& decoded, std::span<const uint64_t, 16> registers, uint64_t next_rip)
{
    const Memory_operand& memory = decoded.memory;
    uint64_t address = static_cast<uint64_t>(memory.displacement);
    address += value_of(memory.base, registers);
    address += value_of(memory.index, registers) * memory.scale;
    if (memory.rip_relative)
    {
        address += next_rip;
    }
    return truncate(address, decoded.address_size);
}

uint64_t string_destination_address(const Decoded& decoded, std::span<const uint64_t, 16> registers)
{
    return truncate(registers[rdi], decoded.address_size);
}

} // namespace ovm::arch::instruction
