#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include "interface/boot/archive.hpp"
#include "interface/boot/configuration.hpp"
#include "interface/boot/entry_state.hpp"

namespace ovm::interface
{

/// What a VM is started from, found in the boot archive. A view: the archive outlives it.
struct Vm_files
{
    std::span<const std::uint8_t> kernel{};
    std::span<const std::uint8_t> initrd{}; ///< empty: there is none
    std::array<std::span<const std::uint8_t>, decltype(Vm_configuration::modules)::capacity()> modules{};
};

/// Compares every byte with the archive's sums, which takes long: before VMs run.
std::expected<Vm_files, Load_error> find_files(const Archive& archive, const Vm_configuration& configuration);

} // namespace ovm::interface
