#pragma once

#include <string>
#include <vector>

#include <llvm/IR/DebugLoc.h>
#include <z3++.h>

namespace llvm
{
class StructType;
} // namespace llvm

namespace ovm::compiler::verifier
{

/// A value that a person knows by a name, at some point of the execution.
struct Sighting
{
    std::string name{};
    std::string scope{}; ///< function that the name belongs to
    z3::expr bits;
    z3::expr path; ///< when it has that value
    bool is_pointer = false;
};

/// One instance of an obligation: on this path the claim holds.
struct Question
{
    std::string kind{};
    std::string text{};
    llvm::DebugLoc at{};
    int trap = -1;
    bool assumed = false;   ///< the caller's duty
    bool reachable = false; ///< the opposite: this path must be possible, or what was assumed is contradictory
    z3::expr path;
    std::vector<z3::expr> claims{}; ///< one of them must be valid on the path; false for a trap
    std::size_t sightings = 0;      ///< those before it belong to it
};

/// For every index below the limit, as far as it was named; or for every object of a type, as far as it was looked at.
struct Quantified
{
    z3::expr holds;
    z3::expr index;
    z3::expr limit;
    z3::expr body;
    std::size_t first_fact = 0; ///< facts from here to last_fact are about the index
    std::size_t last_fact = 0;
    llvm::StructType* object = nullptr; ///< none: an index
    bool has_example = true;            ///< if it does not hold, `index` is one
    bool is_relied_on = true;           ///< if it holds, that helps to prove something
    unsigned links = 0; ///< said of that many ways that met, one of them inside the other, and nowhere else
};

/// Cells that were written or copied many at once: what each of them holds follows from its address.
struct Derived
{
    z3::expr array;
    std::string key{};
    z3::expr low;  ///< address of the first
    z3::expr size; ///< bytes
    z3::expr before;
    bool copied = false;
    z3::expr value;  ///< of every cell, or
    z3::expr source; ///< the array,
    std::string source_key{};
    z3::expr from; ///< the address that it was copied from
};

} // namespace ovm::compiler::verifier
