#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "arch/lock.hpp"
#include "base/text.hpp"
#include "interface/exit/device.hpp"

namespace ovm::interface
{

class Console;

/// The far end of one VM's serial port: keeps its latest output for the person who turns to it, and hands bytes on.
/// Concurrency: put() by the VM's UART under that device's lock; the rest by the console.
/// Lifetime:    as long as its VM; attached to one Console.
class Guest_terminal final : public Byte_sink
{
public:
    Guest_terminal(Console& console, Vm_id vm, std::string_view name) : console_(console), vm_(vm), name_(name) {}

    Vm_id vm() const { return vm_; }
    std::string_view name() const { return name_.view(); }

    /// Where the person's keys go. The sink outlives the terminal's attachment.
    void connect_input(Byte_sink& input) { input_.store(&input, std::memory_order_release); }
    void disconnect_input() { input_.store(nullptr, std::memory_order_release); }

    bool put(std::uint8_t byte) override;

private:
    friend class Console;

    /// A key for the guest; beyond what a person types ahead, keys are lost. Core 0 only.
    void type(std::uint8_t key);
    /// Hands over what the guest takes now; true when nothing is left. Core 0 only.
    bool hand_over_keys();
    /// Sends what waits as one record; false when the line is full.
    bool flush_locked() OVM_REQUIRES(lock_);

    Console& console_;
    Vm_id vm_;
    Text<32> name_;
    std::atomic<Byte_sink*> input_{nullptr};
    std::array<std::uint8_t, 512> keys_{};
    std::uint64_t typed_ = 0;
    std::uint64_t taken_ = 0;
    Ranked_lock<Rank::terminal> lock_;
    std::array<std::uint8_t, 2048> recent_ OVM_GUARDED_BY(lock_){};
    std::uint64_t written_ OVM_GUARDED_BY(lock_) = 0; ///< bytes since the VM began; recent_ holds the last of them
    std::array<std::uint8_t, 240> waiting_ OVM_GUARDED_BY(lock_){};
    std::size_t waiting_size_ OVM_GUARDED_BY(lock_) = 0;
};

} // namespace ovm::interface
