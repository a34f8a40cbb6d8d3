#pragma once

#include "base/strong.hpp"

namespace ovm::processor
{

/// The policy that decides on which core a vcpu lives, once, when it is made.
/// Concurrency: any core.
class Placement
{
public:
    /// A home for one more vcpu of that VM.
    virtual Core_id place(Vm_id vm, Vcpu_index index) = 0;
    /// The vcpu that lived there is gone.
    virtual void leave(Core_id core) = 0;

protected:
    ~Placement() = default;
};

} // namespace ovm::processor
