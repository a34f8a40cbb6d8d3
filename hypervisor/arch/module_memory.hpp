#pragma once

#include <cstddef>
#include <optional>

#include "base/strong.hpp"

/// Where the code of modules runs: a row of places in the half of the addresses that all cores share, none of them
/// mapped writable, ever. What stands there is written through the direct map before it is mapped.
/// Concurrency: one core at a time; find_module() from any.
namespace ovm::arch
{

inline constexpr std::size_t module_places = 16;
/// What one takes, an unmapped page between it and the next one left.
inline constexpr Bytes module_most{508 << 10};

/// Where a place begins, whether something is mapped there or not.
Host_virtual module_place(std::size_t place);
/// The place that an address is in.
std::optional<std::size_t> find_module(std::uint64_t address);

/// Frames from `at`: `text` bytes executable, then `constants` bytes read-only, both whole pages, together at most
/// module_most. Requires that nothing is mapped there. Before its code runs, each core calls renew_module().
void map_module(std::size_t place, Host_physical at, Bytes text, Bytes constants);
/// The frames are still reachable until each core has called renew_module().
void unmap_module(std::size_t place, Bytes size);
/// This core forgets what it knows of a place: translations, and instructions that it fetched before.
void renew_module(std::size_t place, Bytes size);

} // namespace ovm::arch
