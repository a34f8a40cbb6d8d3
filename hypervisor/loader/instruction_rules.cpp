#include "loader/instruction_rules.hpp"

namespace ovm::loader
{

namespace
{

using arch::instruction::Decoded;
using arch::instruction::Opcode_map;
using arch::instruction::Operation;

/// What an opcode may be.
enum class Rule : std::uint8_t
{
    refused,
    allowed,
    branch,   ///< direct
    repeated, ///< allowed, with REP too
    searched, ///< BSF, BSR; with REP they are TZCNT and LZCNT, or still themselves
    by_reg,   ///< ModRM.reg, or all of ModRM, decides
};

constexpr bool between(unsigned opcode, unsigned first, unsigned last)
{
    return first <= opcode && opcode <= last;
}

constexpr unsigned reg(const Decoded& decoded)
{
    return decoded.modrm >> 3 & 7;
}

/// APM appendix A, table A-1.
constexpr Rule one_byte_rule(unsigned opcode)
{
    if (opcode < 0x40)
        return (opcode & 7) < 6 ? Rule::allowed : Rule::refused;
    if (between(opcode, 0x70, 0x7f)) // Jcc
        return Rule::branch;
    if (between(opcode, 0x50, 0x5f) || between(opcode, 0xb0, 0xbf) || between(opcode, 0x84, 0x8b) ||
        between(opcode, 0x91, 0x99))
        return Rule::allowed; // PUSH and POP; MOV; TEST, XCHG, MOV; XCHG, CBW, CWD
    switch (opcode)
    {
    case 0x63: // MOVSXD
    case 0x68: // PUSH
    case 0x69: // IMUL
    case 0x6a: // PUSH
    case 0x6b: // IMUL
    case 0x80: // group 1
    case 0x81:
    case 0x83:
    case 0xa8: // TEST
    case 0xa9:
    case 0xc3: // RET
    case 0xc9: // LEAVE
    case 0xcc: // INT3, between functions
    case 0xf5: // CMC
    case 0xf6: // group 3
    case 0xf7:
    case 0xf8: // CLC
    case 0xf9: // STC
    case 0xfc: // CLD
        return Rule::allowed;
    case 0x90: // NOP, PAUSE
    case 0xa4: // MOVS
    case 0xa5:
    case 0xaa: // STOS
    case 0xab:
        return Rule::repeated;
    case 0xe8: // CALL
    case 0xe9: // JMP
    case 0xeb:
        return Rule::branch;
    case 0x8d: // LEA
    case 0x8f: // POP
    case 0xc0: // group 2: shifts
    case 0xc1:
    case 0xc6: // MOV
    case 0xc7:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
    case 0xfe: // INC, DEC
    case 0xff: // group 5
        return Rule::by_reg;
    default:
        return Rule::refused;
    }
}

/// APM appendix A, tables.
constexpr Rule two_byte_rule(unsigned opcode)
{
    if (between(opcode, 0x80, 0x8f)) // Jcc
        return Rule::branch;
    if (between(opcode, 0x40, 0x4f) || between(opcode, 0x90, 0x9f) || between(opcode, 0xc8, 0xcf))
        return Rule::allowed; // CMOVcc; SETcc; BSWAP
    switch (opcode)
    {
    case 0x0b: // UD2
    case 0x0d: // PREFETCH
    case 0x18:
    case 0x1f: // NOP
    case 0xa3: // BT
    case 0xa4: // SHLD
    case 0xa5:
    case 0xab: // BTS
    case 0xac: // SHRD
    case 0xad:
    case 0xaf: // IMUL
    case 0xb0: // CMPXCHG
    case 0xb1:
    case 0xb3: // BTR
    case 0xb6: // MOVZX
    case 0xb7:
    case 0xb9: // UD1, which a failed check executes
    case 0xba: // BT and its kin
    case 0xbb: // BTC
    case 0xbe: // MOVSX
    case 0xbf:
    case 0xc0: // XADD
    case 0xc1:
        return Rule::allowed;
    case 0xbc: // BSF
    case 0xbd: // BSR
        return Rule::searched;
    case 0x1e: // ENDBR64
    case 0xae: // LFENCE, MFENCE
    case 0xc7: // CMPXCHG8B, CMPXCHG16B
        return Rule::by_reg;
    default:
        return Rule::refused;
    }
}

std::expected<Flow, Refusal> check_one_byte_by_reg(const Decoded& decoded)
{
    if (decoded.prefixes.rep || decoded.prefixes.repne)
        return std::unexpected(Refusal::forbidden_prefix);
    auto flow = Flow::next;
    bool allowed = false;
    switch (decoded.opcode)
    {
    case 0x8d:
        allowed = decoded.has_memory;
        break;
    case 0x8f:
        allowed = reg(decoded) == 0;
        break;
    case 0xc6: // XABORT is there as well
    case 0xc7: // XBEGIN
        allowed = decoded.operation == Operation::mov;
        break;
    case 0xfe:
        allowed = reg(decoded) < 2;
        break;
    case 0xff:
        allowed = reg(decoded) < 2 || reg(decoded) == 2 || reg(decoded) == 4 || reg(decoded) == 6;
        if (reg(decoded) == 2 || reg(decoded) == 4)
            flow = Flow::indirect;
        break;
    default: // shifts: 6 is another name of 4 that no compiler uses
        allowed = reg(decoded) != 6;
    }
    return allowed ? std::expected<Flow, Refusal>(flow) : std::unexpected(Refusal::forbidden_instruction);
}

std::expected<Flow, Refusal> check_two_byte_by_reg(const Decoded& decoded)
{
    bool allowed = false;
    switch (decoded.opcode)
    {
    case 0x1e:
        allowed = decoded.prefixes.rep && decoded.modrm == 0xfa;
        break;
    case 0xae:
        allowed = (decoded.modrm == 0xe8 || decoded.modrm == 0xf0) && !decoded.prefixes.rep &&
                  !decoded.prefixes.repne && decoded.operand_size != 2;
        break;
    default:
        allowed = decoded.operation == Operation::cmpxchg8b && !decoded.prefixes.rep && !decoded.prefixes.repne;
    }
    return allowed ? std::expected<Flow, Refusal>(Flow::next) : std::unexpected(Refusal::forbidden_instruction);
}

} // namespace

std::expected<Flow, Refusal> check_instruction(const Decoded& decoded)
{
    bool const two_bytes = decoded.map == Opcode_map::two_byte;
    if (!two_bytes && decoded.map != Opcode_map::one_byte)
        return std::unexpected(Refusal::forbidden_instruction);
    bool const is_failed_check = two_bytes && decoded.opcode == 0xb9;
    // The code names no segment, and addresses have 64 bits; but for what tells checks apart.
    if (decoded.prefixes.segment || decoded.prefixes.repne || (decoded.address_size != 8 && !is_failed_check))
        return std::unexpected(Refusal::forbidden_prefix);
    switch (two_bytes ? two_byte_rule(decoded.opcode) : one_byte_rule(decoded.opcode))
    {
    case Rule::refused:
        return std::unexpected(Refusal::forbidden_instruction);
    case Rule::by_reg:
        if (decoded.operand_size == 2 && decoded.opcode == 0xff && reg(decoded) >= 2)
            return std::unexpected(Refusal::forbidden_prefix);
        return two_bytes ? check_two_byte_by_reg(decoded) : check_one_byte_by_reg(decoded);
    case Rule::branch:
        // With 16 bits processors do not agree on what it means.
        if (decoded.operand_size == 2 || decoded.prefixes.rep)
            return std::unexpected(Refusal::forbidden_prefix);
        return Flow::direct;
    case Rule::repeated:
    case Rule::searched:
        return Flow::next;
    case Rule::allowed:
        if (decoded.prefixes.rep)
            return std::unexpected(Refusal::forbidden_prefix);
        return Flow::next;
    }
    return std::unexpected(Refusal::forbidden_instruction);
}

} // namespace ovm::loader
