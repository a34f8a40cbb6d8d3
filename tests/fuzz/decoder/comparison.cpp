#include "comparison.hpp"

#include <format>
#include <span>
#include <vector>

#include "operations.hpp"

namespace ovm::fuzz
{
using namespace arch::instruction;

namespace
{

struct General
{
    uint8_t number{0};
    uint8_t size{0};
    bool high_byte{false};
};

std::optional<General> general_of(ZydisRegister value)
{
    const auto id = static_cast<uint8_t>(ZydisRegisterGetId(value));
    switch (ZydisRegisterGetClass(value))
    {
    case ZYDIS_REGCLASS_GPR8: // AL to BL, AH to BH, SPL to DIL, R8B to R15B
        return General{static_cast<uint8_t>(id < 4 ? id : id - 4), 1, id >= 4 && id < 8};
    case ZYDIS_REGCLASS_GPR16:
        return General{id, 2, false};
    case ZYDIS_REGCLASS_GPR32:
        return General{id, 4, false};
    case ZYDIS_REGCLASS_GPR64:
        return General{id, 8, false};
    default:
        return std::nullopt;
    }
}

std::optional<uint8_t> address_register_of(ZydisRegister value)
{
    const std::optional<General> general = general_of(value);
    return general ? std::optional(general->number) : std::nullopt;
}

uint64_t low_bytes(uint64_t value, uint8_t size)
{
    return size >= 8 ? value : value & ((uint64_t{1} << (8 * size)) - 1);
}

} // namespace

std::optional<std::string> Comparison::compare_register(const Operand& ours, ZydisRegister theirs) const
{
    const int id = ZydisRegisterGetId(theirs);
    const ZydisRegisterClass its_class = ZydisRegisterGetClass(theirs);
    bool same = false;
    switch (ours.kind)
    {
    case Operand::Kind::general:
    {
        const std::optional<General> general = general_of(theirs);
        same = general && general->number == ours.number && general->size == ours.size &&
               general->high_byte == ours.high_byte;
        break;
    }
    case Operand::Kind::segment:
        same = its_class == ZYDIS_REGCLASS_SEGMENT && id == ours.number;
        break;
    case Operand::Kind::control:
        same = its_class == ZYDIS_REGCLASS_CONTROL && id == ours.number;
        break;
    case Operand::Kind::debug:
        same = its_class == ZYDIS_REGCLASS_DEBUG && id == ours.number;
        break;
    default:
        break;
    }
    if (same)
    {
        return std::nullopt;
    }
    return std::format("register: kind {} number {} size {}, Zydis {}", static_cast<int>(ours.kind), ours.number,
                       ours.size, ZydisRegisterGetString(theirs));
}

std::optional<std::string> Comparison::compare_memory(const ZydisDecodedOperand& theirs) const
{
    const ZydisDecodedOperandMem& memory = theirs.mem;
    const bool rip_relative = memory.base == ZYDIS_REGISTER_RIP || memory.base == ZYDIS_REGISTER_EIP;
    const uint8_t scale = memory.index == ZYDIS_REGISTER_NONE || memory.scale == 0 ? uint8_t{1} : memory.scale;
    const Memory_operand& own = ours_.memory;
    if (!ours_.has_memory)
    {
        return "no memory operand";
    }
    if (own.rip_relative != rip_relative)
    {
        return "RIP-relative";
    }
    // Zydis 4.0 names r13d where mod = 00 and SIB.base = 101 mean "no base" whatever REX.B says (APM 1.4.2); LLVM and
    // GNU's disassembler agree with us. It does so with 32-bit addresses only, and then forgets the displacement.
    const ZydisDecodedInstructionRaw& raw = theirs_.raw;
    const bool without_base =
        memory.base == ZYDIS_REGISTER_R13D && raw.modrm.mod == 0 && raw.modrm.rm == 4 && raw.sib.base == 5;
    if (own.base != (without_base ? std::nullopt : address_register_of(memory.base)))
    {
        return "base register";
    }
    if (own.index != address_register_of(memory.index) || own.scale != scale)
    {
        return "index register or scale";
    }
    const int64_t displacement = without_base ? raw.disp.value : memory.disp.value;
    if (low_bytes(static_cast<uint64_t>(own.displacement), ours_.address_size) !=
        low_bytes(static_cast<uint64_t>(displacement), ours_.address_size))
    {
        return std::format("displacement {:#x}, Zydis {:#x}", own.displacement, displacement);
    }
    // LEA and the like have no segment. With CET, 3E before an indirect branch means NOTRACK and Zydis takes it for
    // that alone; without CET, as on the machines that we show to guests, it names DS.
    const bool segment_matters =
        theirs.mem.type == ZYDIS_MEMOP_TYPE_MEM && (theirs_.attributes & ZYDIS_ATTRIB_HAS_NOTRACK) == 0;
    if (segment_matters && static_cast<int>(own.segment) != ZydisRegisterGetId(memory.segment))
    {
        return std::format("segment {}, Zydis {}", static_cast<int>(own.segment),
                           ZydisRegisterGetString(memory.segment));
    }
    return std::nullopt;
}

bool Comparison::size_is_free() const
{
    switch (ours_.operation)
    {
    case Operation::invlpg: // Only the address counts.
    case Operation::invpcid:
        return true;
    default:
        return false;
    }
}

std::optional<std::string> Comparison::compare_operand(const Operand& ours, const ZydisDecodedOperand& theirs) const
{
    switch (theirs.type)
    {
    case ZYDIS_OPERAND_TYPE_REGISTER:
        return compare_register(ours, theirs.reg.value);
    case ZYDIS_OPERAND_TYPE_MEMORY:
        if (ours.size * 8 != theirs.size && !size_is_free())
        {
            return std::format("memory operand of {} bytes, Zydis {} bits", ours.size, theirs.size);
        }
        if (ours.kind == Operand::Kind::string_destination)
        {
            const bool same = address_register_of(theirs.mem.base) == 7 && theirs.mem.segment == ZYDIS_REGISTER_ES;
            return same ? std::nullopt : std::optional<std::string>("string destination");
        }
        return ours.kind == Operand::Kind::memory ? compare_memory(theirs) : "not in memory";
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        if (ours.kind != Operand::Kind::immediate || low_bytes(theirs.imm.value.u, ours.size) != ours_.immediate)
        {
            return std::format("immediate {:#x}, Zydis {:#x}", ours_.immediate, theirs.imm.value.u);
        }
        return std::nullopt;
    default:
        return "operand of unknown kind";
    }
}

std::optional<std::string> Comparison::compare_operands() const
{
    std::vector<Operand> own;
    for (const Operand& operand : {ours_.destination, ours_.source})
    {
        if (operand.kind != Operand::Kind::none)
        {
            own.push_back(operand);
        }
    }
    // Zydis hides the operands of string instructions.
    const size_t visible = is_string() ? 2 : theirs_.operand_count_visible;
    if (own.empty())
    {
        return std::nullopt;
    }
    // INVPCID's register says what the descriptor is for; ours names the descriptor alone.
    if (ours_.operation == Operation::invpcid)
    {
        return compare_operand(own.front(), operands_[1]);
    }
    if (own.size() != visible)
    {
        return std::format("{} operands, Zydis {}", own.size(), visible);
    }
    for (size_t number = 0; number < visible; ++number)
    {
        if (auto wrong = compare_operand(own[number], operands_[number]))
        {
            return std::format("operand {}: {}", number, *wrong);
        }
    }
    return std::nullopt;
}

std::optional<std::string> Comparison::compare_prefixes() const
{
    const bool rep = (theirs_.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE)) != 0;
    const bool repne = (theirs_.attributes & ZYDIS_ATTRIB_HAS_REPNE) != 0;
    if ((theirs_.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0 && !ours_.prefixes.lock)
    {
        return "LOCK";
    }
    if ((rep && !ours_.prefixes.rep) || (repne && !ours_.prefixes.repne))
    {
        return "REP";
    }
    if (is_string() && ours_.prefixes.rep && !rep)
    {
        return "REP on a string instruction";
    }
    return std::nullopt;
}

std::optional<std::string> Comparison::compare_sizes() const
{
    // SGX's instructions have no operands; Zydis gives them a fixed address size.
    const bool enclave = theirs_.mnemonic == ZYDIS_MNEMONIC_ENCLS || theirs_.mnemonic == ZYDIS_MNEMONIC_ENCLU ||
                         theirs_.mnemonic == ZYDIS_MNEMONIC_ENCLV;
    if (ours_.address_size * 8 != theirs_.address_width && !enclave)
    {
        return std::format("address size {} bytes, Zydis {} bits", ours_.address_size, theirs_.address_width);
    }
    uint8_t expected = 0;
    switch (theirs_.mnemonic)
    {
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_PUSHF:
    case ZYDIS_MNEMONIC_POPF:
        expected = 2;
        break;
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_PUSHFD:
    case ZYDIS_MNEMONIC_POPFD:
        expected = 4;
        break;
    case ZYDIS_MNEMONIC_IRETQ:
    case ZYDIS_MNEMONIC_PUSHFQ:
    case ZYDIS_MNEMONIC_POPFQ:
        expected = 8;
        break;
    default:
        expected = ours_.operand_size;
        break;
    }
    return expected == ours_.operand_size ? std::nullopt : std::optional<std::string>("operand size");
}

/// Memory operands are decoded for every legacy instruction.
std::optional<std::string> Comparison::compare_other_memory() const
{
    for (const ZydisDecodedOperand& operand : std::span(operands_, theirs_.operand_count))
    {
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM)
        {
            return compare_memory(operand);
        }
    }
    return std::nullopt;
}

std::optional<std::string> Comparison::run() const
{
    const Operation expected = expected_operation(theirs_, operands_);
    // F3 90 with REX.B: Zydis says PAUSE; LLVM and an AMD EPYC exchange r8 with rAX.
    if (expected == Operation::pause && ours_.operation == Operation::xchg && theirs_.raw.rex.B != 0)
    {
        return std::nullopt;
    }
    if (ours_.operation != expected)
    {
        return std::format("operation {}, expected {}", static_cast<int>(ours_.operation), static_cast<int>(expected));
    }
    if (ours_.map >= Opcode_map::vex)
    {
        return std::nullopt;
    }
    if (auto wrong = compare_sizes())
    {
        return wrong;
    }
    if (auto wrong = compare_prefixes())
    {
        return wrong;
    }
    return expected == Operation::other ? compare_other_memory() : compare_operands();
}

} // namespace ovm::fuzz
