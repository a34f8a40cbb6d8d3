#pragma once

#include <memory>
#include <string>
#include <vector>

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include "traps.hpp"

namespace ovm::compiler::verifier
{

/// A module in a context of its own: each thread needs one for each entry, as preparation changes it.
struct Own_module
{
    llvm::LLVMContext context{};
    std::unique_ptr<llvm::Module> module{}; ///< none: `error` says why
    std::string error{};

    explicit Own_module(const std::string& bitcode);
};

} // namespace ovm::compiler::verifier
