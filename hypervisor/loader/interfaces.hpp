#pragma once

#include <span>

#include "loader/module_maker.hpp"

namespace ovm::loader
{

/// The interfaces of this hypervisor that modules may implement. Their hashes come out of the build
/// (loader/interface-hashes).
std::span<const Interface> own_interfaces();

} // namespace ovm::loader
