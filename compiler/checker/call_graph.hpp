#pragma once

#include "reporter.hpp"

#include "clang/AST/Decl.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace ovm::checker
{

/// The direct calls between the functions of one translation unit, and the cycles among them.
/// Functions of libraries count as steps on the way (a lambda handed to an algorithm that calls its
/// maker is a cycle), but only a cycle through checked code is reported. Calls by pointer and
/// virtual dispatch are not seen; virtual calls count as calls of the function that is named.
class Call_graph final
{
public:
    explicit Call_graph(Reporter& reporter) : reporter_(reporter) {}

    /// Adds a function of checked code.
    void add(const clang::FunctionDecl& function);

    /// Follows the calls from all functions added, and reports every cycle once.
    void report_cycles();

private:
    using Function = const clang::FunctionDecl*;

    /// What the search for strongly connected components knows of a function.
    struct Node
    {
        llvm::SmallVector<Function, 8> calls;
        unsigned index = 0;
        unsigned low = 0;
        bool on_stack = false;
    };

    void collect(Function function);
    void search(Function function);
    void judge(llvm::ArrayRef<Function> component);
    [[nodiscard]] std::string path_of_cycle(Function start, llvm::ArrayRef<Function> component);

    Reporter& reporter_;
    llvm::SmallVector<Function, 64> checked_;
    llvm::DenseMap<Function, Node> nodes_;
    llvm::SmallVector<Function, 64> stack_;
    unsigned next_index_ = 1;
};

} // namespace ovm::checker
