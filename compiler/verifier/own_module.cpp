#include "own_module.hpp"

#include <llvm/IRReader/IRReader.h>
#include <llvm/Support/SourceMgr.h>

namespace ovm::compiler::verifier
{

Own_module::Own_module(const std::string& bitcode)
{
    llvm::SMDiagnostic diagnostic;
    module = llvm::parseIR(llvm::MemoryBufferRef(bitcode, "module"), diagnostic, context);
    if (!module)
        error = diagnostic.getMessage().str();
}

} // namespace ovm::compiler::verifier
