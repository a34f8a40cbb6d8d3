#pragma once

#include <Zydis/Zydis.h>

#include <optional>
#include <string>

#include "arch/x86_64/instruction/decoded.hpp"

namespace ovm::fuzz
{

using arch::instruction::Decoded;
using arch::instruction::Operand;
using arch::instruction::Operation;

/// What one comparison sees. Every check answers what is wrong, or nothing.
class Comparison final
{
public:
    Comparison(const Decoded& ours, const ZydisDecodedInstruction& theirs, const ZydisDecodedOperand* operands)
        : ours_(ours), theirs_(theirs), operands_(operands)
    {
    }

    std::optional<std::string> run() const;

private:
    std::optional<std::string> compare_operands() const;
    std::optional<std::string> compare_operand(const Operand& ours, const ZydisDecodedOperand& theirs) const;
    std::optional<std::string> compare_register(const Operand& ours, ZydisRegister theirs) const;
    std::optional<std::string> compare_memory(const ZydisDecodedOperand& theirs) const;
    std::optional<std::string> compare_prefixes() const;
    std::optional<std::string> compare_sizes() const;
    std::optional<std::string> compare_other_memory() const;
    bool size_is_free() const;
    bool is_string() const { return ours_.operation >= Operation::movs && ours_.operation <= Operation::outs; }

    const Decoded& ours_;
    const ZydisDecodedInstruction& theirs_;
    const ZydisDecodedOperand* operands_;
};

} // namespace ovm::fuzz
