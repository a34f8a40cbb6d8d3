#include "markers.hpp"

#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/ModuleUtils.h>

#include "contracts.hpp"

namespace ovm::compiler::verifier::marker
{

bool is_named(const llvm::CallBase& call, const char* name)
{
    auto const* const callee = call.getCalledFunction();
    return callee != nullptr && callee->getName() == name;
}

bool is_of_loop(const llvm::CallBase& call)
{
    return is_named(call, loop_invariant) || is_named(call, variant);
}

bool is_statement(const llvm::CallBase& call)
{
    return is_of_loop(call) || is_named(call, guaranteed) || is_named(call, modifies) || is_named(call, modifies_every);
}

void forget(llvm::Module& module)
{
    llvm::removeFromUsedLists(module,
                              [](llvm::Constant* what)
                              {
                                  auto const* const function = llvm::dyn_cast<llvm::Function>(what);
                                  return function != nullptr &&
                                         (function->getName().ends_with(class_invariant_suffix) ||
                                          is_contract(*function));
                              });
}

} // namespace ovm::compiler::verifier::marker
