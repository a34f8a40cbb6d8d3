#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/result.hpp"
#include "interface/platform/apic_message.hpp"

namespace ovm::interface
{

class Local_apic;

inline constexpr std::uint32_t max_local_apics = 64;

/// What one VM's local APICs and IOAPIC exchange: finds who is meant and hands over.
/// Concurrency: filled before the first vcpu runs, read-only afterwards; delivery is lock-free, from any core.
/// Lifetime:    outlives none of what is registered with it.
class Apic_bus
{
public:
    /// In order of APIC id, from 0 without gaps. Error::full, Error::invalid.
    Result<> add(Local_apic& apic);
    void set_end_listener(End_listener& listener) { listener_ = &listener; }

    std::uint32_t count() const { return count_; }

    /// The best that happened at any APIC that it was meant for.
    Acceptance deliver(const Apic_message& message);
    /// To all, or to all but `except`.
    void broadcast(const Apic_message& message, const Local_apic* except);
    void end_of_interrupt(std::uint8_t vector);

private:
    Acceptance deliver_lowest(const Apic_message& message);

    std::array<Local_apic*, max_local_apics> apics_{};
    std::uint32_t count_ = 0;
    End_listener* listener_ = nullptr;
    std::atomic<std::uint32_t> turn_{0};
};

} // namespace ovm::interface
