#pragma once

#include <array>
#include <cstdint>

#include "arch/x86_64/instruction/decoded.hpp"

/// What each opcode of the one-byte and the 0F map does, and to which operands (APM appendix A).
namespace ovm::arch::instruction
{

/// Which operands an instruction has and where they are encoded, destination first. `rm` is the register or memory
/// of ModRM.rm, `reg` the register of ModRM.reg. From group_1 on, ModRM.reg selects the instruction.
enum class Shape : uint8_t
{
    none,
    rm_reg,
    reg_rm,
    reg_rm_byte, ///< as reg_rm, the source being shorter: 8, 16, 32 bits
    reg_rm_word,
    reg_rm_dword,
    memory_reg,       ///< as rm_reg, with memory only
    memory_reg_dword, ///< never shorter than 32 bits
    reg_memory,
    rm_immediate,
    rm_bit_number,
    rm,        ///< destination
    rm_double, ///< destination: twice 32 or twice 64 bits of memory
    accumulator_immediate,
    accumulator_offset,
    offset_accumulator,
    opcode_reg, ///< the register in the opcode's low three bits
    opcode_reg_immediate,
    opcode_reg_accumulator,
    rm_segment,
    segment_rm,
    string_move,
    string_store,
    string_load,
    string_compare,
    string_scan,
    string_in,
    string_out,
    in_immediate,
    in_dx,
    out_immediate,
    out_dx,
    reg_control,
    control_reg,
    reg_debug,
    debug_reg,
    interrupt_number,
    stack_flags,    ///< no operands; 64 bits are the default in 64-bit code
    rm_system_word, ///< destination: 16 bits of memory or a whole register
    system_word_rm, ///< source: 16 bits of memory or register
    table_memory,   ///< destination: the 6 or 10 bytes of a descriptor-table register
    memory_table,   ///< source
    memory_address, ///< source: memory of which only the address counts
    group_1,
    group_3,
    group_4,
    group_5,
    group_6,
    group_7,
    group_8,
    group_9,
    group_11,
    undefined, ///< no instruction
};

struct Form
{
    Operation operation{Operation::other};
    Shape shape{Shape::none};
    uint8_t size{0}; ///< bytes; 0 is the operand size
};

using Form_table = std::array<Form, 256>;

/// Two opcodes: the even one for bytes, the odd one for the operand size.
constexpr void fill_pair(Form_table& table, unsigned opcode, Operation operation, Shape shape)
{
    table[opcode] = {operation, shape, 1};
    table[opcode + 1] = {operation, shape};
}

constexpr void fill_forms(Form_table& table, unsigned first, unsigned last, Form form)
{
    for (unsigned opcode = first; opcode <= last; ++opcode)
    {
        table[opcode] = form;
    }
}

/// Opcodes 80 to 83 by ModRM.reg, and the rows 00 to 3F of the one-byte map.
inline constexpr std::array<Operation, 8> group_1_operations{
    Operation::add,         Operation::logical_or, Operation::adc,         Operation::sbb,
    Operation::logical_and, Operation::sub,        Operation::logical_xor, Operation::cmp,
};

constexpr Form_table make_one_byte_forms()
{
    Form_table table{};
    for (unsigned row = 0; row < 8; ++row)
    {
        fill_pair(table, row * 8, group_1_operations[row], Shape::rm_reg);
        fill_pair(table, row * 8 + 2, group_1_operations[row], Shape::reg_rm);
        fill_pair(table, row * 8 + 4, group_1_operations[row], Shape::accumulator_immediate);
    }
    fill_forms(table, 0x40, 0x47, {Operation::inc, Shape::opcode_reg});
    fill_forms(table, 0x48, 0x4F, {Operation::dec, Shape::opcode_reg});
    table[0x63] = {Operation::movsxd, Shape::reg_rm_dword}; // ARPL outside 64-bit code
    fill_pair(table, 0x6C, Operation::ins, Shape::string_in);
    fill_pair(table, 0x6E, Operation::outs, Shape::string_out);
    fill_pair(table, 0x80, Operation::other, Shape::group_1);
    fill_pair(table, 0x82, Operation::other, Shape::group_1);
    fill_pair(table, 0x84, Operation::test, Shape::rm_reg);
    fill_pair(table, 0x86, Operation::xchg, Shape::rm_reg);
    fill_pair(table, 0x88, Operation::mov, Shape::rm_reg);
    fill_pair(table, 0x8A, Operation::mov, Shape::reg_rm);
    table[0x8C] = {Operation::mov, Shape::rm_segment};
    table[0x8E] = {Operation::mov, Shape::segment_rm};
    table[0x90] = {Operation::nop, Shape::none};
    fill_forms(table, 0x91, 0x97, {Operation::xchg, Shape::opcode_reg_accumulator});
    table[0x9C] = {Operation::pushf, Shape::stack_flags};
    table[0x9D] = {Operation::popf, Shape::stack_flags};
    fill_pair(table, 0xA0, Operation::mov, Shape::accumulator_offset);
    fill_pair(table, 0xA2, Operation::mov, Shape::offset_accumulator);
    fill_pair(table, 0xA4, Operation::movs, Shape::string_move);
    fill_pair(table, 0xA6, Operation::cmps, Shape::string_compare);
    fill_pair(table, 0xA8, Operation::test, Shape::accumulator_immediate);
    fill_pair(table, 0xAA, Operation::stos, Shape::string_store);
    fill_pair(table, 0xAC, Operation::lods, Shape::string_load);
    fill_pair(table, 0xAE, Operation::scas, Shape::string_scan);
    fill_forms(table, 0xB0, 0xB7, {Operation::mov, Shape::opcode_reg_immediate, 1});
    fill_forms(table, 0xB8, 0xBF, {Operation::mov, Shape::opcode_reg_immediate});
    fill_pair(table, 0xC6, Operation::mov, Shape::group_11);
    table[0xCC] = {Operation::int3, Shape::none};
    table[0xCD] = {Operation::int_n, Shape::interrupt_number};
    table[0xCE] = {Operation::into, Shape::none};
    table[0xCF] = {Operation::iret, Shape::none};
    fill_pair(table, 0xE4, Operation::in, Shape::in_immediate);
    fill_pair(table, 0xE6, Operation::out, Shape::out_immediate);
    fill_pair(table, 0xEC, Operation::in, Shape::in_dx);
    fill_pair(table, 0xEE, Operation::out, Shape::out_dx);
    table[0xF1] = {Operation::int1, Shape::none};
    table[0xF4] = {Operation::hlt, Shape::none};
    fill_pair(table, 0xF6, Operation::other, Shape::group_3);
    table[0xFA] = {Operation::cli, Shape::none};
    table[0xFB] = {Operation::sti, Shape::none};
    table[0xFE] = {Operation::other, Shape::group_4, 1};
    table[0xFF] = {Operation::other, Shape::group_5};
    // What the rows wrote over: segment overrides, DAA and the like, PUSH and POP of segments, the 0F escape.
    for (unsigned row = 0x00; row < 0x40; row += 8)
    {
        fill_forms(table, row + 6, row + 7, {});
    }
    return table;
}

constexpr Form_table make_two_byte_forms()
{
    Form_table table{};
    table[0x00] = {Operation::other, Shape::group_6};
    table[0x01] = {Operation::other, Shape::group_7};
    table[0x06] = {Operation::clts, Shape::none};
    table[0x08] = {Operation::invd, Shape::none};
    table[0x09] = {Operation::wbinvd, Shape::none};
    table[0x0B] = {Operation::ud2, Shape::none};
    table[0x20] = {Operation::mov_control, Shape::reg_control};
    table[0x21] = {Operation::mov_debug, Shape::reg_debug};
    table[0x22] = {Operation::mov_control, Shape::control_reg};
    table[0x23] = {Operation::mov_debug, Shape::debug_reg};
    table[0x30] = {Operation::wrmsr, Shape::none};
    table[0x31] = {Operation::rdtsc, Shape::none};
    table[0x32] = {Operation::rdmsr, Shape::none};
    table[0x33] = {Operation::rdpmc, Shape::none};
    table[0xA2] = {Operation::cpuid, Shape::none};
    table[0xA3] = {Operation::bt, Shape::rm_reg};
    table[0xAA] = {Operation::rsm, Shape::none};
    table[0xAB] = {Operation::bts, Shape::rm_reg};
    fill_pair(table, 0xB0, Operation::cmpxchg, Shape::rm_reg);
    table[0xB3] = {Operation::btr, Shape::rm_reg};
    table[0xB6] = {Operation::movzx, Shape::reg_rm_byte};
    table[0xB7] = {Operation::movzx, Shape::reg_rm_word};
    table[0xBA] = {Operation::other, Shape::group_8};
    table[0xBB] = {Operation::btc, Shape::rm_reg};
    table[0xBE] = {Operation::movsx, Shape::reg_rm_byte};
    table[0xBF] = {Operation::movsx, Shape::reg_rm_word};
    fill_pair(table, 0xC0, Operation::xadd, Shape::rm_reg);
    table[0xC3] = {Operation::movnti, Shape::memory_reg_dword};
    table[0xC7] = {Operation::other, Shape::group_9};
    return table;
}

/// APM, "LOCK Prefix": the instructions that accept it, if their destination is in memory.
constexpr bool may_lock(Operation operation)
{
    switch (operation)
    {
    case Operation::adc:
    case Operation::add:
    case Operation::logical_and:
    case Operation::btc:
    case Operation::btr:
    case Operation::bts:
    case Operation::cmpxchg:
    case Operation::cmpxchg8b:
    case Operation::dec:
    case Operation::inc:
    case Operation::neg:
    case Operation::logical_not:
    case Operation::logical_or:
    case Operation::sbb:
    case Operation::sub:
    case Operation::xadd:
    case Operation::xchg:
    case Operation::logical_xor:
        return true;
    default:
        return false;
    }
}

inline constexpr Form_table one_byte_forms = make_one_byte_forms();
inline constexpr Form_table two_byte_forms = make_two_byte_forms();

} // namespace ovm::arch::instruction
