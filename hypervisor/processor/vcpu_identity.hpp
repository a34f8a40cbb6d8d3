#pragma once

#include <compare>

#include "base/strong.hpp"

namespace ovm::processor
{

/// Who a vcpu is, for policies and records: it stays true when the vcpu moves, and when it is gone.
struct Vcpu_identity
{
    Vm_id vm{};
    Vcpu_index index{};

    constexpr auto operator<=>(const Vcpu_identity&) const = default;
};

/// VMs are 1 to most_vms; the vcpus of one are 0 to most_vcpus - 1.
inline constexpr std::uint32_t most_vms = 255;
inline constexpr std::uint32_t most_vcpus = 16;

constexpr bool is_possible(Vcpu_identity vcpu)
{
    return vcpu.vm.value() >= 1 && vcpu.vm.value() <= most_vms && vcpu.index.value() < most_vcpus;
}

} // namespace ovm::processor
