#pragma once

#include "interface/console/console.hpp"
#include "interface/console/record_input.hpp"
#include "loader/delivery.hpp"

namespace ovm::boot
{

/// Files that a program sends over the second serial line: between its records and the delivery.
/// Concurrency: core 0.
/// Lifetime:    as long as the machine.
class Delivery_line final : private loader::Delivery_sender
{
public:
    Delivery_line(interface::Console& console, loader::Loader& loader, memory::Frame_allocator& frames,
                  processor::Timer_service& timers)
        : console_(console), delivery_(loader, *this, frames, timers, Core_id{0})
    {
    }
    Delivery_line(const Delivery_line&) = delete;
    Delivery_line& operator=(const Delivery_line&) = delete;

    /// A byte of the line.
    void receive(std::uint8_t byte);

private:
    void answer(State state, std::uint32_t file, std::uint32_t received, std::string_view line) override;
    void ended(std::string_view line) override;

    interface::Console& console_;
    interface::Record_input input_{};
    loader::Delivery delivery_;
};

} // namespace ovm::boot
