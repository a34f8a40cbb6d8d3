#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "layout.hpp"
#include "logic.hpp"

namespace llvm
{
class BasicBlock;
class GlobalVariable;
} // namespace llvm

namespace ovm::compiler::verifier
{

/// Memory that the function at hand made, or a constant of the module. Everything else is outside: objects that
/// arguments and members lead to.
struct Region
{
    /// Scalars at start, start + stride, ... that were accessed under one key.
    struct Use
    {
        std::string key{};
        std::uint64_t start = 0;
        std::uint64_t stride = 0;
        std::uint64_t count = 1;
        unsigned bytes = 0;
    };

    unsigned number = 0;
    std::string name{};
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    const llvm::GlobalVariable* global = nullptr; ///< none: a local
    bool given = false;                           ///< begins with values that are unknown, but defined
    bool bytes = false;                           ///< never indexed: its cells are its bytes, whatever their types
    std::vector<Use> uses{};
};

/// Addresses from here on are the function's own and the module's; below are null and all objects outside.
inline constexpr std::uint64_t first_own_address = std::uint64_t{1} << 47;

/// The array that a pointer points into.
struct Row
{
    Spot element{};
    z3::expr base;  ///< address of the first element
    z3::expr count; ///< of elements
    z3::expr index;
    std::uint64_t stride = 0;
};

/// Where a pointer may lead, and when.
struct Target
{
    z3::expr guard;
    Region* region = nullptr;           ///< none: outside
    z3::expr address;                   ///< that it is then
    z3::expr origin;                    ///< address of the object that it was reached through
    llvm::StructType* object = nullptr; ///< type of the object there; none: not known
    Spot spot{};
    std::optional<Row> row{};
    z3::expr inside;   ///< all indices on the way are below their arrays' ends
    bool span = false; ///< a row whose elements' type the first access names
};

using Targets = std::vector<Target>;

struct Scalar
{
    z3::expr bits;
    std::optional<z3::expr> undefined{};      ///< bits of which nothing may be used; none: all are good
    std::shared_ptr<const Targets> targets{}; ///< of a pointer
};

/// Of one instruction; several scalars for a structure.
using Value = std::vector<Scalar>;

struct Cells
{
    z3::expr values;
    std::optional<z3::expr> undefined{};
};

using Memory = std::map<std::string, Cells>;

struct State
{
    z3::expr path; ///< that execution gets here
    Memory memory{};
    std::map<const Region*, z3::expr> alive{};
    std::vector<std::size_t> forgotten{}; ///< ranges of memory that calls by contract may have changed, in order
    std::set<std::string> spilled{};      ///< kinds of cells that were written under another name: Execution::spill()
    std::vector<z3::expr> meetings{};     ///< where ways met: when execution came by one of them, in order
};

struct Edge
{
    llvm::BasicBlock* from = nullptr;
    llvm::BasicBlock* to = nullptr;
    State state;
    std::vector<Value> inputs{}; ///< of the phis of `to`
};

} // namespace ovm::compiler::verifier
