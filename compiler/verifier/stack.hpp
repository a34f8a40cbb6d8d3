#pragma once

#include <cstdint>

namespace llvm
{
class Function;
} // namespace llvm

namespace ovm::compiler::verifier
{

/// Bytes that a call needs at most, with all that it calls: from its locals in the IR as it was compiled, which
/// optimising makes fewer, and what a call itself takes. No bound (the largest number) for recursion.
std::uint64_t stack_of(llvm::Function& function);

} // namespace ovm::compiler::verifier
