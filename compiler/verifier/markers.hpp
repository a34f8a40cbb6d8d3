#pragma once

#include <string>

namespace llvm
{
class CallBase;
class Function;
class Module;
} // namespace llvm

/// The calls by which base/contract.hpp speaks to the verifier, and those by which the verifier's own preparation
/// speaks to its execution.
namespace ovm::compiler::verifier::marker
{

inline constexpr const char* contract_broken = "_ZN3ovm15contract_brokenEPKcS1_S1_i";
inline constexpr const char* library_abort = "_ZNSt3__122__libcpp_verbose_abortEPKcz";
inline constexpr const char* loop_invariant = "_ZN3ovm8verifier14loop_invariantEb";
inline constexpr const char* variant = "_ZN3ovm8verifier7variantEm";
inline constexpr const char* guaranteed = "_ZN3ovm8verifier10guaranteedEb";
inline constexpr const char* modifies = "_ZN3ovm8verifier8modifiesEPKvm";
inline constexpr const char* modifies_every = "_ZN3ovm8verifier14modifies_everyEPKvm";
inline constexpr const char* modifies_only_prefix = "_ZN3ovm8verifier13modifies_onlyI";
inline constexpr const char* modifies_part_prefix = "_ZN3ovm8verifier13modifies_partI";
inline constexpr const char* for_all_prefix = "_ZN3ovm7for_allI";
inline constexpr const char* for_every_prefix = "_ZN3ovm9for_everyI";
inline constexpr const char* any_object = "_ZN3ovm8verifier10any_objectEv";
inline constexpr const char* some_object = "_ZN3ovm8verifier11some_objectEv";
inline constexpr const char* class_invariant_suffix = "9invariantEv";
inline constexpr const char* entry_annotation = "ovm::verify";

inline constexpr const char* assume = "ovm.assume";         ///< void(i1)
inline constexpr const char* prove = "ovm.prove";           ///< void(i1): the class invariant
inline constexpr const char* index = "ovm.index";           ///< i64(i64 limit): of a quantified expression
inline constexpr const char* quantified = "ovm.quantified"; ///< i1(i64 index, i64 limit, i1)
inline constexpr const char* every = "ovm.every";           ///< i1(ptr object, i1): the same of objects
inline constexpr const char* undefined = "ovm.undefined";   ///< memory that nobody has written
inline constexpr const char* unknown = "ovm.unknown";       ///< memory of which nothing is known
inline constexpr const char* forget_range = "ovm.forget";   ///< void(ptr, i64): it may be anything now
inline constexpr const char* forget_every = "ovm.part";     ///< void(ptr, i64): it may, of every such object
inline constexpr const char* forget_given = "ovm.given";    ///< void(ptr): if it leads to locals, they may be
inline constexpr const char* result = "ovm.result";         ///< of a call by contract; a suffix for each type
inline constexpr const char* result_into = "ovm.into";      ///< void(ptr): where a call by contract leaves it
inline constexpr const char* object = "ovm.object";         ///< the place of a policy that is constructed

/// A call of base/contract.hpp's that has no result and does nothing at run time.
bool is_statement(const llvm::CallBase& call);
/// One that stands in a loop and is met in each of its turns.
bool is_of_loop(const llvm::CallBase& call);
bool is_named(const llvm::CallBase& call, const char* name);

/// Class invariants need not stay in the module once it is proved.
void forget(llvm::Module& module);

} // namespace ovm::compiler::verifier::marker
