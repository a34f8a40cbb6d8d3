#pragma once

#include "interface/platform/local_apic.hpp"
#include "processor/vcpu.hpp"

namespace ovm::interface
{

/// A local APIC's way to its vcpu.
class Vcpu_client final : public Apic_client
{
public:
    explicit Vcpu_client(processor::Vcpu& vcpu) : vcpu_(vcpu) {}

    void notify() override { vcpu_.notify(); }
    std::uint8_t task_priority() const override { return vcpu_.state().task_priority(); }
    void set_task_priority(std::uint8_t priority) override { vcpu_.state().set_task_priority(priority); }

private:
    processor::Vcpu& vcpu_;
};

} // namespace ovm::interface
