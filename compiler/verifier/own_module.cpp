#include "own_module.hpp"

#include <llvm/IR/Module.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/Support/SourceMgr.h>

namespace ovm::compiler::verifier
{

namespace
{

/// A function of two names, as a constructor is one, is called by its own.
void call_by_own_names(llvm::Module& module)
{
    for (auto& alias : module.aliases())
    {
        if (auto* const function = llvm::dyn_cast<llvm::Function>(alias.getAliasee()->stripPointerCasts()))
            alias.replaceUsesWithIf(function, [](llvm::Use& use) { return llvm::isa<llvm::CallBase>(use.getUser()); });
    }
}

} // namespace

Own_module::Own_module(const std::string& bitcode)
{
    llvm::SMDiagnostic diagnostic;
    module = llvm::parseIR(llvm::MemoryBufferRef(bitcode, "module"), diagnostic, context);
    if (!module)
        error = diagnostic.getMessage().str();
    else
        call_by_own_names(*module);
}

} // namespace ovm::compiler::verifier
