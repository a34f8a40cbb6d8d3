#pragma once

#include <Zydis/Zydis.h>

#include "arch/x86_64/instruction/decoded.hpp"

namespace ovm::fuzz
{

/// The Operation that OVM's decoder must find for what Zydis found.
arch::instruction::Operation expected_operation(const ZydisDecodedInstruction& instruction,
                                                const ZydisDecodedOperand* operands);

} // namespace ovm::fuzz
