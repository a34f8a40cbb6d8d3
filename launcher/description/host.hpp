#pragma once

#include <cstdint>
#include <string>

namespace ovm::launcher
{

/// What the launcher asks of the computer that it runs on.
struct Host
{
    unsigned cores = 1;
    std::uint64_t memory = 0; ///< bytes; 0 is unknown
    bool kvm_usable = false;  ///< /dev/kvm opens for reading and writing
    bool has_svm = false;     ///< the processor's flags show svm
    bool nested_svm = false;  ///< kvm_amd was loaded with nested=1

    static Host look();
};

/// Empty when KVM can carry a hypervisor that uses SVM, else why it cannot.
std::string why_no_kvm(const Host& host);

} // namespace ovm::launcher
