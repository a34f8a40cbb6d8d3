#pragma once

/// Contracts. Checked at run time; a broken one ends the crossing (arch/fault.hpp). The verifier will prove them, so
/// they are expressions without side effects.
namespace ovm
{

/// Implemented by the port: records where and what, then leaves the crossing. Never returns.
[[noreturn, gnu::cold]] void contract_broken(const char* kind, const char* expression, const char* file, int line);

} // namespace ovm

#define OVM_CONTRACT_CHECK(kind, ...)                                                                                  \
    (__builtin_expect(static_cast<bool>(__VA_ARGS__), 1)                                                               \
         ? static_cast<void>(0)                                                                                        \
         : ::ovm::contract_broken(kind, #__VA_ARGS__, __FILE_NAME__, __LINE__))

#define OVM_REQUIRES_THAT(...) OVM_CONTRACT_CHECK("precondition", __VA_ARGS__)
#define OVM_ENSURES(...) OVM_CONTRACT_CHECK("postcondition", __VA_ARGS__)
#define OVM_INVARIANT(...) OVM_CONTRACT_CHECK("invariant", __VA_ARGS__)
#define OVM_ASSERT(...) OVM_CONTRACT_CHECK("assertion", __VA_ARGS__)

/// A place that cannot be reached, with the reason why.
#define OVM_UNREACHABLE(why) ::ovm::contract_broken("unreachable", why, __FILE_NAME__, __LINE__)
