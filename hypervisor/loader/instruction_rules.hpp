#pragma once

#include <cstdint>
#include <expected>

#include "arch/x86_64/instruction/decoded.hpp"
#include "base/contract.hpp"
#include "loader/refusal.hpp"

namespace ovm::loader
{

/// How an instruction goes on.
enum class Flow : std::uint8_t
{
    next,
    direct,   ///< a branch or call by a displacement: Decoded::immediate
    indirect, ///< a branch or call through a register or memory
};

constexpr bool is_load_of_address(const arch::instruction::Decoded& decoded)
{
    return decoded.map == arch::instruction::Opcode_map::one_byte && decoded.opcode == 0x8d;
}

/// Which instructions a module may use: those that compilers make of integer code. What is not named is refused, so
/// that all that is privileged, that the hypervisor keeps for guests (vector, x87 and MMX registers, FS and GS), and
/// that a later processor adds, is. 64-bit code only.
std::expected<Flow, Refusal> check_instruction(const arch::instruction::Decoded& decoded);

OVM_CONTRACT inline std::expected<Flow, Refusal>
contract_of_check_instruction(const arch::instruction::Decoded& decoded)
{
    OVM_MODIFIES();
    auto const flow = OVM_RESULT(check_instruction(decoded));
    OVM_ENSURES(flow.has_value()
                    ? *flow <= Flow::indirect && !decoded.prefixes.segment && !decoded.prefixes.repne
                    : flow.error() == Refusal::forbidden_instruction || flow.error() == Refusal::forbidden_prefix);
    OVM_ENSURES(flow != Flow::indirect || (decoded.map == arch::instruction::Opcode_map::one_byte &&
                                           decoded.opcode == 0xff && decoded.operand_size != 2));
    return flow;
}

} // namespace ovm::loader
