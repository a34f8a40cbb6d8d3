#pragma once

#include <cstdint>
#include <new>
#include <span>
#include <type_traits>

#include "base/contract.hpp"
#include "base/result.hpp"
#include "object/adaptor/parameters.hpp"
#include "object/module/family.hpp"

/// What a module says of the policies that it provides. In one of its sources, beside the classes:
///
///     OVM_MODULE(ovm::object::provides<ovm::processor::Scheduler, Lottery>)
///
/// A policy's class derives from its family's and has
///
///     static constexpr ovm::object::Policy_description description{"lottery", "tickets by weight", parameters};
///     static ovm::Result<> check(ovm::object::Values values); // of several parameters together; may be left out
///     explicit Lottery(ovm::object::Values values);
namespace ovm::object
{

/// Of a policy's parameters in the order of its description, each within its range; durations are Ticks.
using Values = std::span<const std::uint64_t>;

/// Memory for one policy, from the hypervisor: of the size and alignment that the module said.
/// Lifetime: until the collector finds that nobody refers to the policy; it is not told.
struct Policy_place
{
    void* memory = nullptr;
};

template <typename Family>
using Construct = Result<Family*> (*)(Policy_place place, Values values);

/// One policy of a module. The signer reads it from the linked module and writes it down as format::Policy.
struct Provided
{
    std::uint32_t family = 0;
    std::uint32_t size = 0;
    std::uint32_t alignment = 0;
    std::uint32_t reserved = 0;
    const Policy_description* description = nullptr;
    void (*construct)() = nullptr; ///< a Construct<Family>
};

template <typename Family, typename Policy>
[[clang::annotate("ovm::trusted", "makes the policy in the memory that the hypervisor gives for it")]]
Result<Family*> construct(Policy_place place, Values values)
{
    static_assert(std::is_trivially_destructible_v<Policy>, "a policy's end is not told to it");
    OVM_REQUIRES_THAT(values.size() == Policy::description.parameters.size());
    if constexpr (requires { Policy::check(values); })
    {
        OVM_TRY(Policy::check(values));
    }
    return static_cast<Family*>(::new (place.memory) Policy(values));
}

template <typename Family, typename Policy>
[[clang::annotate("ovm::trusted", "one table for all families: the number says what the function is")]]
inline const Provided provides{.family = static_cast<std::uint32_t>(family_id<Family>),
                               .size = sizeof(Policy),
                               .alignment = alignof(Policy),
                               .description = &Policy::description,
                               .construct = reinterpret_cast<void (*)()>(&construct<Family, Policy>)};

} // namespace ovm::object

/// Once in a module: its policies.
#define OVM_MODULE(...)                                                                                                \
    extern "C" [[gnu::visibility("default"), gnu::used]] const ::ovm::object::Provided* const ovm_module[] = {         \
        &__VA_ARGS__, nullptr};
