#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "arch/processor.hpp"
#include "base/result.hpp"
#include "interface/exit/dispatcher.hpp"
#include "interface/platform/guest_time.hpp"
#include "interface/platform/local_apic.hpp"

namespace ovm::interface
{

/// KVM's feature bits that guests are offered: both clocks, no I/O delay needed, steal time, end of interrupt; and
/// that the clock is the same on all vcpus where the machine's time-stamp counters are.
std::uint32_t paravirtual_features();

/// One vcpu's paravirtual MSRs as Linux' Documentation/virt/kvm/x86/msr.rst describes them: system time, steal time,
/// end of interrupt.
/// Concurrency: its vcpu alone.
class Paravirtual final : public Lazy_end
{
public:
    static constexpr std::uint32_t wall_clock_old = 0x11;
    static constexpr std::uint32_t system_time_old = 0x12;
    static constexpr std::uint32_t first_msr = 0x4b56'4d00;
    static constexpr std::uint32_t end_of_interrupt = 0x4b56'4d04;
    static constexpr std::uint32_t last_msr = end_of_interrupt;

    /// `machine_start`: the machine's counter when the VM was switched on; its system time starts there.
    Paravirtual(memory::Guest_memory& memory, const Guest_time& time, Ticks machine_start)
        : memory_(memory), time_(time), machine_start_(machine_start)
    {
    }

    Result<std::uint64_t> read_msr(std::uint32_t msr) const;
    Result<> write_msr(processor::Vcpu& vcpu, std::uint32_t msr, std::uint64_t value);

    /// The guest moved its time-stamp counter.
    void time_changed() { write_system_time(); }
    /// It runs again after it waited: tells it the time that was stolen.
    void resumed(processor::Vcpu& vcpu);

    bool offer() override;
    bool withdraw() override;

private:
    void write_wall_clock(std::uint64_t at);
    void write_system_time();
    void write_steal_time(processor::Vcpu& vcpu);

    memory::Guest_memory& memory_;
    const Guest_time& time_;
    Ticks machine_start_;
    std::uint64_t wall_clock_ = 0;
    std::uint64_t system_time_ = 0;
    std::uint64_t steal_time_ = 0;
    std::uint64_t end_of_interrupt_ = 0;
    std::uint32_t time_version_ = 0;
    std::uint32_t steal_version_ = 0;
};

/// KVM's hypercalls: none is offered, each answers that it does not exist.
class Paravirtual_calls final : public Call_target
{
public:
    std::uint64_t call(processor::Vcpu& vcpu, std::uint64_t number) override;

private:
    static constexpr std::uint64_t no_such_call = ~std::uint64_t{1000} + 1; ///< -KVM_ENOSYS
};

} // namespace ovm::interface
