#pragma once

#include <array>
#include <cstdint>

#include "arch/x86_64/instruction/form_table.hpp"
#include "arch/x86_64/instruction/layout.hpp"

/// Opcodes that ModRM.reg, or all of ModRM, extends (APM A.1.3 "ModRM Extensions to One-Byte and Two-Byte Opcodes").
namespace ovm::arch::instruction
{

using Group = std::array<Form, 8>;

inline constexpr Group group_3_forms{{
    {Operation::test, Shape::rm_immediate},
    {Operation::test, Shape::rm_immediate},
    {Operation::logical_not, Shape::rm},
    {Operation::neg, Shape::rm},
    {}, // MUL, IMUL, DIV, IDIV
    {},
    {},
    {},
}};

inline constexpr Group group_6_forms{{
    {Operation::sldt, Shape::rm_system_word},
    {Operation::str, Shape::rm_system_word},
    {Operation::lldt, Shape::system_word_rm},
    {Operation::ltr, Shape::system_word_rm},
    {}, // VERR, VERW
    {},
    {},
    {},
}};

inline constexpr Group group_7_memory_forms{{
    {Operation::sgdt, Shape::table_memory},
    {Operation::sidt, Shape::table_memory},
    {Operation::lgdt, Shape::memory_table},
    {Operation::lidt, Shape::memory_table},
    {Operation::smsw, Shape::rm_system_word},
    {},
    {Operation::lmsw, Shape::system_word_rm},
    {Operation::invlpg, Shape::memory_address},
}};

inline constexpr Group group_8_forms{{
    {},
    {},
    {},
    {},
    {Operation::bt, Shape::rm_bit_number},
    {Operation::bts, Shape::rm_bit_number},
    {Operation::btr, Shape::rm_bit_number},
    {Operation::btc, Shape::rm_bit_number},
}};

/// 0F 01 with mod = 11, by the low six bits of ModRM.
constexpr std::array<Form, 64> make_group_7_register_forms()
{
    std::array<Form, 64> table{};
    table[0x01] = {Operation::vmcall, Shape::none};
    table[0x08] = {Operation::monitor, Shape::none};
    table[0x09] = {Operation::mwait, Shape::none};
    table[0x10] = {Operation::xgetbv, Shape::none};
    table[0x11] = {Operation::xsetbv, Shape::none};
    table[0x18] = {Operation::vmrun, Shape::none};
    table[0x19] = {Operation::vmmcall, Shape::none};
    table[0x1A] = {Operation::vmload, Shape::none};
    table[0x1B] = {Operation::vmsave, Shape::none};
    table[0x1C] = {Operation::stgi, Shape::none};
    table[0x1D] = {Operation::clgi, Shape::none};
    table[0x1E] = {Operation::skinit, Shape::none};
    table[0x1F] = {Operation::invlpga, Shape::none};
    for (unsigned register_number = 0; register_number < 8; ++register_number)
    {
        table[0x20 + register_number] = {Operation::smsw, Shape::rm_system_word};
        table[0x30 + register_number] = {Operation::lmsw, Shape::system_word_rm};
    }
    table[0x39] = {Operation::rdtscp, Shape::none};
    table[0x3A] = {Operation::monitorx, Shape::none};
    table[0x3B] = {Operation::mwaitx, Shape::none};
    table[0x3D] = {Operation::rdpru, Shape::none};
    return table;
}

inline constexpr std::array<Form, 64> group_7_register_forms = make_group_7_register_forms();

} // namespace ovm::arch::instruction
