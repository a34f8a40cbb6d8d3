#pragma once

#include <cstddef>
#include <cstdint>

/// Contracts: expressions without side effects. Checked at run time, where a broken one ends the crossing
/// (arch/fault.hpp); in modules, and where the base is verified, proved before (compiler/verifier/README.md), which
/// is what OVM_VERIFY is defined for.
namespace ovm
{

/// Implemented by the port: records where and what, then leaves the crossing. Never returns.
[[noreturn, gnu::cold]] void contract_broken(const char* kind, const char* expression, const char* file, int line);

/// Whether the predicate holds for every index below the limit. Use it through OVM_FOR_ALL.
template <typename Predicate>
constexpr bool for_all(std::size_t limit, const Predicate& predicate)
{
    for (std::size_t index = 0; index < limit; ++index)
    {
        if (!predicate(index))
            return false;
    }
    return true;
}

#if defined(OVM_VERIFY)
/// What the verifier is told; nothing of it is left in the code that runs.
namespace verifier
{
void loop_invariant(bool holds);
void variant(std::uint64_t value);
void guaranteed(bool holds);
void modifies(const void* object, std::size_t bytes);
void modifies_every(const void* part, std::size_t bytes);
[[gnu::const]] const void* any_object();
const void* some_object();

template <typename... Objects>
void modifies_only(const Objects&... objects)
{
    modifies(nullptr, 0);
    (modifies(__builtin_addressof(objects), sizeof(objects)), ...);
}

template <typename Object, typename Part>
void modifies_part(const Part& part)
{
    auto const& changed = part(*static_cast<const Object*>(some_object()));
    modifies_every(__builtin_addressof(changed), sizeof(changed));
}
} // namespace verifier

/// Whether the predicate holds for every object of that class. Use it through OVM_FOR_EVERY.
template <typename Object, typename Predicate>
bool for_every(const Predicate& predicate)
{
    return predicate(*static_cast<const Object*>(verifier::any_object()));
}
#endif

} // namespace ovm

#if defined(OVM_UNCHECKED)
/// Only what is measured beside the image that checks (bench/checks): what a condition does is done.
#define OVM_CONTRACT_CHECK(kind, ...) static_cast<void>(__VA_ARGS__)
#else
#define OVM_CONTRACT_CHECK(kind, ...)                                                                                  \
    (__builtin_expect(static_cast<bool>(__VA_ARGS__), 1)                                                               \
         ? static_cast<void>(0)                                                                                        \
         : ::ovm::contract_broken(kind, #__VA_ARGS__, __FILE_NAME__, __LINE__))
#endif

#define OVM_REQUIRES_THAT(...) OVM_CONTRACT_CHECK("precondition", __VA_ARGS__)
#define OVM_ENSURES(...) OVM_CONTRACT_CHECK("postcondition", __VA_ARGS__)
#define OVM_INVARIANT(...) OVM_CONTRACT_CHECK("invariant", __VA_ARGS__)
#define OVM_ASSERT(...) OVM_CONTRACT_CHECK("assertion", __VA_ARGS__)

/// Contracts for proofs and tests (OVM_CHECK_PROMISES): in the image nothing of them is left. What a caller has to see
/// to, and what holds at the end.
#if defined(OVM_VERIFY) || defined(OVM_CHECK_PROMISES)
#define OVM_PRESUMES(...) OVM_CONTRACT_CHECK("precondition", __VA_ARGS__)
#define OVM_PROMISES(...) OVM_CONTRACT_CHECK("postcondition", __VA_ARGS__)
#else
#define OVM_PRESUMES(...) static_cast<void>(0)
#define OVM_PROMISES(...) static_cast<void>(0)
#endif

/// A place that cannot be reached, with the reason why.
#define OVM_UNREACHABLE(why) ::ovm::contract_broken("unreachable", why, __FILE_NAME__, __LINE__)

/// `expression` holds for every `index` below `limit`: OVM_FOR_ALL(i, count_, entries_[i].vcpu != nullptr).
#define OVM_FOR_ALL(index, limit, ...)                                                                                 \
    ::ovm::for_all(static_cast<std::size_t>(limit), [&](std::size_t index) -> bool { return (__VA_ARGS__); })

/// `expression` holds for every `object` of the class, wherever it is: what links between objects keep to. For proofs
/// alone, as nothing that runs can look at all of them: OVM_FOR_EVERY(Node, at, at.next == nullptr || at.next->linked).
#if defined(OVM_VERIFY)
#define OVM_FOR_EVERY(Class, object, ...)                                                                              \
    ::ovm::for_every<Class>([&](const Class& object) -> bool { return (__VA_ARGS__); })
#else
#define OVM_FOR_EVERY(Class, object, ...) (sizeof([&](const Class& object) -> bool { return (__VA_ARGS__); }) != 0)
#endif

/// Before `bool invariant() const` of a class: what holds whenever one of its virtual functions begins or ends. It
/// speaks of the object alone.
#if defined(OVM_VERIFY)
#define OVM_CLASS_INVARIANT [[gnu::used]]
/// At the beginning of a loop's body: what holds there in every turn.
#define OVM_LOOP_INVARIANT(...) ::ovm::verifier::loop_invariant(static_cast<bool>(__VA_ARGS__))
/// Beside it: a number that each turn makes smaller, so that the loop ends.
#define OVM_VARIANT(...) ::ovm::verifier::variant(static_cast<std::uint64_t>(__VA_ARGS__))
/// In an interface: what its implementation promises. Proofs of its users rely on it.
#define OVM_GUARANTEED(...) ::ovm::verifier::guaranteed(static_cast<bool>(__VA_ARGS__))
#elif defined(OVM_CHECK_PROMISES)
#define OVM_CLASS_INVARIANT
#define OVM_LOOP_INVARIANT(...) OVM_CONTRACT_CHECK("loop invariant", __VA_ARGS__)
#define OVM_VARIANT(...) static_cast<void>(0)
#define OVM_GUARANTEED(...) OVM_CONTRACT_CHECK("guarantee", __VA_ARGS__)
#else
#define OVM_CLASS_INVARIANT
#define OVM_LOOP_INVARIANT(...) static_cast<void>(0)
#define OVM_VARIANT(...) static_cast<void>(0)
#define OVM_GUARANTEED(...) OVM_CONTRACT_CHECK("guarantee", __VA_ARGS__)
#endif

/// Before a member function `contract_of_NAME` of the same class, with NAME's parameters and result: what is required
/// of whoever calls NAME, the call of NAME itself, and what holds then. No code is made of it.
///     OVM_CONTRACT Result<Ticks> contract_of_poll(Account& account, Ticks now)
///     {
///         OVM_REQUIRES_THAT(now < end_of_time);
///         OVM_MODIFIES(*this, account);
///         auto const before = OVM_OLD(account.polls);
///         auto const window = OVM_RESULT(poll(account, now));
///         OVM_ENSURES(!window.has_value() || account.polls >= before);
///         return window;
///     }
/// Beside a virtual function of an interface: every override is proved to require no more, and to ensure it. Beside
/// another one: that is proved of it, and proofs of its callers see the contract in its place.
#if defined(OVM_VERIFY)
#define OVM_CONTRACT [[gnu::used]]
/// The same where one that its class declares stands in a source.
#define OVM_CONTRACT_DEFINITION
/// The objects that may be changed; nothing, without any. Without this, whatever can be.
#define OVM_MODIFIES(...) ::ovm::verifier::modifies_only(__VA_ARGS__)
/// This part of every object of a class may be changed, too: OVM_MODIFIES_EVERY(Node, each, each.links).
#define OVM_MODIFIES_EVERY(Class, object, ...)                                                                         \
    ::ovm::verifier::modifies_part<Class>([](const Class& object) -> auto const& { return (__VA_ARGS__); })
#else
#define OVM_CONTRACT template <typename = void>
#define OVM_CONTRACT_DEFINITION template <typename>
#define OVM_MODIFIES(...) static_cast<void>(0)
#define OVM_MODIFIES_EVERY(Class, object, ...) static_cast<void>(0)
#endif
/// The value before the function is called.
#define OVM_OLD(...) auto(__VA_ARGS__)
/// The call of the function that the contract is about.
#define OVM_RESULT(...) (__VA_ARGS__)

/// Marks a function to be verified as an entry of its own. The other one is for inline functions of headers, which are
/// then looked at in a source that does not call them, too.
#if defined(OVM_VERIFY)
#define OVM_VERIFIED [[clang::annotate("ovm::verify")]]
#define OVM_VERIFIED_INLINE [[clang::annotate("ovm::verify"), gnu::used]]
#else
#define OVM_VERIFIED
#define OVM_VERIFIED_INLINE
#endif
