#include "operations.hpp"

#include <array>
#include <span>

namespace ovm::fuzz
{
namespace
{

using arch::instruction::Operation;

using Mnemonic_table = std::array<Operation, ZYDIS_MNEMONIC_MAX_VALUE + 1>;

Mnemonic_table make_mnemonic_table()
{
    Mnemonic_table table{};
    const auto name = [&table](Operation operation, auto... mnemonics)
    { ((table[static_cast<unsigned>(mnemonics)] = operation), ...); };
    name(Operation::mov, ZYDIS_MNEMONIC_MOV);
    name(Operation::movzx, ZYDIS_MNEMONIC_MOVZX);
    name(Operation::movsx, ZYDIS_MNEMONIC_MOVSX);
    name(Operation::movsxd, ZYDIS_MNEMONIC_MOVSXD);
    name(Operation::movbe, ZYDIS_MNEMONIC_MOVBE);
    name(Operation::movnti, ZYDIS_MNEMONIC_MOVNTI);
    name(Operation::xchg, ZYDIS_MNEMONIC_XCHG);
    name(Operation::xadd, ZYDIS_MNEMONIC_XADD);
    name(Operation::cmpxchg, ZYDIS_MNEMONIC_CMPXCHG);
    name(Operation::cmpxchg8b, ZYDIS_MNEMONIC_CMPXCHG8B, ZYDIS_MNEMONIC_CMPXCHG16B);
    name(Operation::add, ZYDIS_MNEMONIC_ADD);
    name(Operation::adc, ZYDIS_MNEMONIC_ADC);
    name(Operation::sub, ZYDIS_MNEMONIC_SUB);
    name(Operation::sbb, ZYDIS_MNEMONIC_SBB);
    name(Operation::logical_and, ZYDIS_MNEMONIC_AND);
    name(Operation::logical_or, ZYDIS_MNEMONIC_OR);
    name(Operation::logical_xor, ZYDIS_MNEMONIC_XOR);
    name(Operation::logical_not, ZYDIS_MNEMONIC_NOT);
    name(Operation::neg, ZYDIS_MNEMONIC_NEG);
    name(Operation::inc, ZYDIS_MNEMONIC_INC);
    name(Operation::dec, ZYDIS_MNEMONIC_DEC);
    name(Operation::cmp, ZYDIS_MNEMONIC_CMP);
    name(Operation::test, ZYDIS_MNEMONIC_TEST);
    name(Operation::bt, ZYDIS_MNEMONIC_BT);
    name(Operation::bts, ZYDIS_MNEMONIC_BTS);
    name(Operation::btr, ZYDIS_MNEMONIC_BTR);
    name(Operation::btc, ZYDIS_MNEMONIC_BTC);
    name(Operation::movs, ZYDIS_MNEMONIC_MOVSB, ZYDIS_MNEMONIC_MOVSW, ZYDIS_MNEMONIC_MOVSD, ZYDIS_MNEMONIC_MOVSQ);
    name(Operation::stos, ZYDIS_MNEMONIC_STOSB, ZYDIS_MNEMONIC_STOSW, ZYDIS_MNEMONIC_STOSD, ZYDIS_MNEMONIC_STOSQ);
    name(Operation::lods, ZYDIS_MNEMONIC_LODSB, ZYDIS_MNEMONIC_LODSW, ZYDIS_MNEMONIC_LODSD, ZYDIS_MNEMONIC_LODSQ);
    name(Operation::cmps, ZYDIS_MNEMONIC_CMPSB, ZYDIS_MNEMONIC_CMPSW, ZYDIS_MNEMONIC_CMPSD, ZYDIS_MNEMONIC_CMPSQ);
    name(Operation::scas, ZYDIS_MNEMONIC_SCASB, ZYDIS_MNEMONIC_SCASW, ZYDIS_MNEMONIC_SCASD, ZYDIS_MNEMONIC_SCASQ);
    name(Operation::ins, ZYDIS_MNEMONIC_INSB, ZYDIS_MNEMONIC_INSW, ZYDIS_MNEMONIC_INSD);
    name(Operation::outs, ZYDIS_MNEMONIC_OUTSB, ZYDIS_MNEMONIC_OUTSW, ZYDIS_MNEMONIC_OUTSD);
    name(Operation::in, ZYDIS_MNEMONIC_IN);
    name(Operation::out, ZYDIS_MNEMONIC_OUT);
    name(Operation::lmsw, ZYDIS_MNEMONIC_LMSW);
    name(Operation::smsw, ZYDIS_MNEMONIC_SMSW);
    name(Operation::clts, ZYDIS_MNEMONIC_CLTS);
    name(Operation::lgdt, ZYDIS_MNEMONIC_LGDT);
    name(Operation::lidt, ZYDIS_MNEMONIC_LIDT);
    name(Operation::sgdt, ZYDIS_MNEMONIC_SGDT);
    name(Operation::sidt, ZYDIS_MNEMONIC_SIDT);
    name(Operation::lldt, ZYDIS_MNEMONIC_LLDT);
    name(Operation::ltr, ZYDIS_MNEMONIC_LTR);
    name(Operation::sldt, ZYDIS_MNEMONIC_SLDT);
    name(Operation::str, ZYDIS_MNEMONIC_STR);
    name(Operation::rdmsr, ZYDIS_MNEMONIC_RDMSR);
    name(Operation::wrmsr, ZYDIS_MNEMONIC_WRMSR);
    name(Operation::xsetbv, ZYDIS_MNEMONIC_XSETBV);
    name(Operation::xgetbv, ZYDIS_MNEMONIC_XGETBV);
    name(Operation::rdtsc, ZYDIS_MNEMONIC_RDTSC);
    name(Operation::rdtscp, ZYDIS_MNEMONIC_RDTSCP);
    name(Operation::rdpmc, ZYDIS_MNEMONIC_RDPMC);
    name(Operation::rdpru, ZYDIS_MNEMONIC_RDPRU);
    name(Operation::pause, ZYDIS_MNEMONIC_PAUSE);
    name(Operation::hlt, ZYDIS_MNEMONIC_HLT);
    name(Operation::monitor, ZYDIS_MNEMONIC_MONITOR);
    name(Operation::mwait, ZYDIS_MNEMONIC_MWAIT);
    name(Operation::monitorx, ZYDIS_MNEMONIC_MONITORX);
    name(Operation::mwaitx, ZYDIS_MNEMONIC_MWAITX);
    name(Operation::cpuid, ZYDIS_MNEMONIC_CPUID);
    name(Operation::invd, ZYDIS_MNEMONIC_INVD);
    name(Operation::wbinvd, ZYDIS_MNEMONIC_WBINVD);
    name(Operation::invlpg, ZYDIS_MNEMONIC_INVLPG);
    name(Operation::invlpga, ZYDIS_MNEMONIC_INVLPGA);
    name(Operation::invpcid, ZYDIS_MNEMONIC_INVPCID);
    name(Operation::int1, ZYDIS_MNEMONIC_INT1);
    name(Operation::int3, ZYDIS_MNEMONIC_INT3);
    name(Operation::int_n, ZYDIS_MNEMONIC_INT);
    name(Operation::into, ZYDIS_MNEMONIC_INTO);
    name(Operation::iret, ZYDIS_MNEMONIC_IRET, ZYDIS_MNEMONIC_IRETD, ZYDIS_MNEMONIC_IRETQ);
    name(Operation::cli, ZYDIS_MNEMONIC_CLI);
    name(Operation::sti, ZYDIS_MNEMONIC_STI);
    name(Operation::pushf, ZYDIS_MNEMONIC_PUSHF, ZYDIS_MNEMONIC_PUSHFD, ZYDIS_MNEMONIC_PUSHFQ);
    name(Operation::popf, ZYDIS_MNEMONIC_POPF, ZYDIS_MNEMONIC_POPFD, ZYDIS_MNEMONIC_POPFQ);
    name(Operation::rsm, ZYDIS_MNEMONIC_RSM);
    name(Operation::nop, ZYDIS_MNEMONIC_NOP);
    name(Operation::ud2, ZYDIS_MNEMONIC_UD2);
    name(Operation::vmmcall, ZYDIS_MNEMONIC_VMMCALL);
    name(Operation::vmcall, ZYDIS_MNEMONIC_VMCALL);
    name(Operation::vmrun, ZYDIS_MNEMONIC_VMRUN);
    name(Operation::vmload, ZYDIS_MNEMONIC_VMLOAD);
    name(Operation::vmsave, ZYDIS_MNEMONIC_VMSAVE);
    name(Operation::stgi, ZYDIS_MNEMONIC_STGI);
    name(Operation::clgi, ZYDIS_MNEMONIC_CLGI);
    name(Operation::skinit, ZYDIS_MNEMONIC_SKINIT);
    return table;
}

bool uses(const ZydisDecodedInstruction& instruction, const ZydisDecodedOperand* operands, ZydisRegisterClass wanted)
{
    for (const ZydisDecodedOperand& operand : std::span(operands, instruction.operand_count_visible))
    {
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && ZydisRegisterGetClass(operand.reg.value) == wanted)
        {
            return true;
        }
    }
    return false;
}

} // namespace

Operation expected_operation(const ZydisDecodedInstruction& instruction, const ZydisDecodedOperand* operands)
{
    static const Mnemonic_table table = make_mnemonic_table();
    const Operation operation = table[static_cast<unsigned>(instruction.mnemonic)];
    const bool one_byte =
        instruction.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && instruction.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;
    switch (operation)
    {
    case Operation::mov:
        if (uses(instruction, operands, ZYDIS_REGCLASS_CONTROL))
        {
            return Operation::mov_control;
        }
        return uses(instruction, operands, ZYDIS_REGCLASS_DEBUG) ? Operation::mov_debug : operation;
    case Operation::movs: // MOVSD and CMPSD are SSE instructions, too.
    case Operation::cmps:
    case Operation::nop: // The long NOPs (0F 0D, 0F 18 to 0F 1F) are `other`, as they have a memory operand.
        return one_byte ? operation : Operation::other;
    default:
        return operation;
    }
}

} // namespace ovm::fuzz
