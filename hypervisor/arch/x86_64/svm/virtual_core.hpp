#pragma once

#include <cstdint>

#include "arch/translation_tags.hpp"
#include "arch/x86_64/svm/hardware.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"

namespace ovm::arch
{

class Virtual_processor;

/// A core's part in running guests: its tags, its own state for the way back, and whose extended state it carries.
/// Invariant:   ready_ is loaded_ or none; tags are taken while none is ready, so who is ready holds a valid one.
/// Concurrency: its own core only.
class Virtual_core
{
public:
    /// Size and alignment in one: frames of a power of two.
    static constexpr Bytes memory_needed{8192};

    static Virtualization_support support() { return svm::hardware::support(); }

    /// Turns virtualization on for the core that calls this. `memory` is zeroed, belongs to this object and outlives
    /// it. Error::unsupported when support() is not `available`.
    static Result<Virtual_core> create(Core_id core, Host_physical memory);

    const svm::hardware::Features& features() const { return features_; }

private:
    friend class Virtual_processor;

    Virtual_core(Core_id core, const svm::hardware::Features& features, Host_physical host_state);

    svm::hardware::Features features_;
    Host_physical host_state_;
    Translation_tags tags_;
    std::uint32_t clean_bits_;            ///< what an exit leaves clean
    Virtual_processor* ready_ = nullptr;  ///< who may enter without further ado: loaded, with a valid tag
    Virtual_processor* loaded_ = nullptr; ///< whose extended state is in the registers
    Vm_id last_vm_{};                     ///< who trained the branch predictors
};

} // namespace ovm::arch
