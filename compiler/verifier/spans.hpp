#pragma once

#include <cstdint>
#include <optional>

namespace llvm
{
class DIType;
} // namespace llvm

namespace ovm::compiler::verifier
{

/// std::span or std::string_view, as the source declares it.
struct Span_type
{
    const llvm::DIType* element = nullptr;
    std::optional<std::uint64_t> count{}; ///< none: it is a member, behind the pointer
};

std::optional<Span_type> span_of(const llvm::DIType* type);

} // namespace ovm::compiler::verifier
