#pragma once

#include "llvm/ADT/StringRef.h"

namespace ovm::checker
{

/// What the safe subset forbids. One enumerator is one rule with one name in messages.
enum class Rule
{
    pointer_arithmetic,
    array_subscript,
    raw_view,
    pointer_cast,
    constness_cast,
    bit_cast,
    allocation,
    union_type,
    uninitialised,
    inline_assembly,
    varargs,
    mutable_global,
    recursion,
    jump,
    long_jump,
    exception,
    rtti,
    memory_function,
    trace_map,
    trusted_reason,
    trusted_module,
};

/// What a reader of a message needs beside the place: the rule's name, its reason, and the cure.
struct Rule_text
{
    llvm::StringRef name;
    llvm::StringRef why;
    llvm::StringRef mend;
};

[[nodiscard]] Rule_text text_of(Rule rule);

} // namespace ovm::checker
