#include "interface/platform/apic_bus.hpp"

#include <algorithm>

#include "interface/platform/local_apic.hpp"

namespace ovm::interface
{

Result<> Apic_bus::add(Local_apic& apic)
{
    if (count_ == max_local_apics)
        return Error::full;
    if (apic.id() != count_)
        return Error::invalid;
    apics_[count_] = &apic;
    ++count_;
    return {};
}

Acceptance Apic_bus::deliver(const Apic_message& message)
{
    if (message.delivery == Delivery::lowest_priority)
        return deliver_lowest(message);
    if (!message.logical && message.destination < count_)
        return apics_[message.destination]->accept(message);
    auto best = Acceptance::nobody;
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        if (apics_[i]->is_addressed(message.destination, message.logical))
            best = std::max(best, apics_[i]->accept(message));
    }
    return best;
}

Acceptance Apic_bus::deliver_lowest(const Apic_message& message)
{
    // Arbitration (APM volume 2, 16.5): the lowest priority wins; equals take turns.
    auto const first = count_ == 0 ? 0 : turn_.fetch_add(1, std::memory_order_relaxed) % count_;
    Local_apic* best = nullptr;
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        auto* const candidate = apics_[(first + i) % count_];
        if (!candidate->is_addressed(message.destination, message.logical) || !candidate->is_software_enabled())
            continue;
        if (best == nullptr || candidate->arbitration_priority() < best->arbitration_priority())
            best = candidate;
    }
    return best == nullptr ? Acceptance::nobody : best->accept(message);
}

void Apic_bus::broadcast(const Apic_message& message, const Local_apic* except)
{
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        if (apics_[i] != except)
            static_cast<void>(apics_[i]->accept(message));
    }
}

void Apic_bus::end_of_interrupt(std::uint8_t vector)
{
    if (listener_ != nullptr)
        listener_->end_of_interrupt(vector);
}

} // namespace ovm::interface
