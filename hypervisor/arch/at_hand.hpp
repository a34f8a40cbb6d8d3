#pragma once

#include <utility>

#include "arch/core_window.hpp"

namespace ovm::arch
{

/// Names what is at hand for as long as its code runs, so that a fault costs that and no more.
/// Concurrency: its core; nested, the innermost counts.
class At_hand
{
public:
    /// A domain that the core alone can name: its scheduler, the job whose slice runs.
    At_hand(Core_window& window, Fault_domain domain) : At_hand(window, domain, window.resource, window.vcpu) {}
    /// The policy of a resource.
    At_hand(Core_window& window, object::Adaptor& resource)
        : At_hand(window, Fault_domain::policy, &resource, window.vcpu)
    {
    }
    /// A vcpu, and its VM.
    At_hand(Core_window& window, processor::Vcpu& vcpu) : At_hand(window, Fault_domain::guest, window.resource, &vcpu)
    {
    }
    ~At_hand()
    {
        window_.domain = domain_;
        window_.resource = resource_;
        window_.vcpu = vcpu_;
    }
    At_hand(const At_hand&) = delete;
    At_hand& operator=(const At_hand&) = delete;

private:
    At_hand(Core_window& window, Fault_domain domain, object::Adaptor* resource, processor::Vcpu* vcpu)
        : window_(window), domain_(window.domain), resource_(std::exchange(window.resource, resource)),
          vcpu_(std::exchange(window.vcpu, vcpu))
    {
        window.domain = domain; // last: by now it is known whose
    }

    Core_window& window_;
    Fault_domain domain_;
    object::Adaptor* resource_;
    processor::Vcpu* vcpu_;
};

} // namespace ovm::arch
