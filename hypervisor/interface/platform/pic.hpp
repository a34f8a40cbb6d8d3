#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "arch/lock.hpp"
#include "interface/platform/apic_message.hpp"
#include "interface/platform/byte_port_device.hpp"
#include "interface/platform/interrupt_pin.hpp"

namespace ovm::interface
{

/// One 8259A (Intel 8259A data sheet): eight inputs, priorities, a vector base. The pair below holds its lock.
/// Invariant: isr and irr hold one bit per input; every command byte leaves them within that.
class Pic_chip
{
public:
    /// `level_capable`: the inputs that the edge/level register may change.
    explicit constexpr Pic_chip(std::uint8_t level_capable) : level_capable_(level_capable) {}

    void reset();
    void write_command(std::uint8_t value);
    void write_data(std::uint8_t value);
    std::uint8_t read_command();
    std::uint8_t read_data() const { return mask_; }
    std::uint8_t edge_level() const { return edge_level_; }
    void write_edge_level(std::uint8_t value) { edge_level_ = value & level_capable_; }

    Acceptance set_input(unsigned input, bool level);
    /// The input that asks now, if any.
    std::optional<unsigned> request() const;
    /// INTA: answers the vector of `input`, which moves into service; without one, the spurious vector (input 7).
    std::uint8_t acknowledge(std::optional<unsigned> input);
    /// A request that its source takes back before it was acknowledged.
    void withdraw(unsigned input) { requests_ &= static_cast<std::uint8_t>(~(1u << (input & 7))); }

private:
    enum class Expects : std::uint8_t
    {
        operation,
        icw2,
        icw3,
        icw4
    };

    /// The rank of an input: 0 is served first.
    unsigned rank_of(unsigned input) const { return (input - lowest_ - 1) & 7; }
    unsigned input_at(unsigned rank) const { return (lowest_ + 1 + rank) & 7; }
    std::optional<unsigned> first_of(std::uint8_t inputs) const;
    void end_of_interrupt(std::uint8_t command);
    void write_icw1(std::uint8_t value);

    std::uint8_t level_capable_;
    std::uint8_t edge_level_ = 0; ///< ELCR: a set bit is level triggered
    std::uint8_t inputs_ = 0;
    std::uint8_t requests_ = 0; ///< IRR
    std::uint8_t service_ = 0;  ///< ISR
    std::uint8_t mask_ = 0;     ///< IMR
    std::uint8_t base_ = 0;
    unsigned lowest_ = 7; ///< the input of lowest priority
    Expects expects_ = Expects::operation;
    bool needs_icw4_ = false;
    bool single_ = false;
    bool initialised_ = false;
    bool automatic_end_ = false;
    bool rotate_on_automatic_end_ = false;
    bool special_mask_ = false;
    bool special_fully_nested_ = false;
    bool read_service_ = false;
    bool poll_ = false;
};

/// The PC's pair of interrupt controllers, ports 20h, 21h, A0h, A1h and the edge/level registers 4D0h, 4D1h.
/// Concurrency: lock_ (Rank::interrupt) for every access; the output is set under it.
class Pic final : public Byte_port_device, public External_interrupts
{
public:
    static constexpr std::uint16_t master_port = 0x20;
    static constexpr std::uint16_t slave_port = 0xa0;
    static constexpr std::uint16_t edge_level_port = 0x4d0;
    static constexpr std::uint16_t port_count = 2; ///< at each of the three

    /// `output` is the pair's INT.
    explicit Pic(Interrupt_pin& output) : output_(output) {}

    void reset();
    /// Who hears of changed masks. Before the first vcpu runs.
    void connect(Mask_listener& listener) { listener_ = &listener; }

    std::uint8_t read_byte(std::uint16_t port) override;
    void write_byte(std::uint16_t port, std::uint8_t value) override;

    /// Inputs 0 to 15; others do nothing.
    Acceptance set_input(unsigned input, bool level);

    /// An INTA cycle.
    std::uint8_t acknowledge() override;
    bool asserts() const override;

private:
    static constexpr unsigned cascade_input = 2;

    void update_locked() OVM_REQUIRES(lock_);
    void write_locked(std::uint16_t port, std::uint8_t value) OVM_REQUIRES(lock_);

    Interrupt_pin& output_;
    Mask_listener* listener_ = nullptr;
    mutable Ranked_lock<Rank::interrupt> lock_;
    Pic_chip master_ OVM_GUARDED_BY(lock_){0xf8};
    Pic_chip slave_ OVM_GUARDED_BY(lock_){0xde};
    bool asserted_ OVM_GUARDED_BY(lock_) = false;
};

} // namespace ovm::interface
