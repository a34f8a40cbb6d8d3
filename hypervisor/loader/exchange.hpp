#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "loader/module.hpp"
#include "loader/refusal.hpp"
#include "object/adaptor/adaptor.hpp"
#include "object/adaptor/swap.hpp"

namespace ovm::loader
{

/// Offers all policies of a module to that adaptor if it is of their family, but for those that it knows. Error::full.
Result<> offer(const Module& module, object::Adaptor& adaptor);
/// Offers them to all, or to none: why not. Those of `instead`, which has the same ones, do not stand in the way.
std::optional<Refusal> offer(const Module& module, const Module* instead, std::span<object::Adaptor* const> adaptors);
/// Whether a policy of the module is in charge of that adaptor: which.
std::optional<std::size_t> in_charge(const Module& module, const object::Adaptor& adaptor);
bool is_in_use(const Module& module, std::span<object::Adaptor* const> adaptors);
/// Takes back what was offered. Error::busy: a swap is under way somewhere, or one of them is in charge; some may have
/// been taken back already.
Result<> withdraw(const Module& module, std::span<object::Adaptor* const> adaptors);
/// Fills a swap with all that brings `next`, of which each adaptor knows all, in where `before` is in charge, each
/// policy with its parameters. Error::busy, Error::full; Error::not_found: it has no policy of that name.
Result<> fill_swap(object::Swap& swap, const Module& before, const Module& next,
                   std::span<object::Adaptor* const> adaptors);

} // namespace ovm::loader
