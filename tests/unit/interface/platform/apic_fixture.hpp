#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "interface/platform/device_fakes.hpp"
#include "interface/platform/interrupt_router.hpp"
#include "interface/platform/local_apic.hpp"

namespace ovm::interface::test
{

class Fake_client final : public Apic_client
{
public:
    void notify() override { ++notified; }
    std::uint8_t task_priority() const override { return cr8; }
    void set_task_priority(std::uint8_t priority) override { cr8 = priority; }

    unsigned notified = 0;
    std::uint8_t cr8 = 0;
};

class Fake_lazy_end final : public Lazy_end
{
public:
    bool offer() override
    {
        if (!wanted)
            return false;
        flag = true;
        ++offers;
        return true;
    }
    bool withdraw() override
    {
        bool const used = !flag;
        flag = false;
        return used;
    }

    bool wanted = false;
    bool flag = false; ///< the bit in guest memory, which the guest clears
    unsigned offers = 0;
};

/// One VM's interrupt controllers around four vcpus.
class Apic_fixture : public testing::Test
{
protected:
    static constexpr unsigned eoi = 0x0b0;
    static constexpr unsigned icr_low = 0x300;
    static constexpr unsigned icr_high = 0x310;

    struct Cpu
    {
        Fake_client client;
        Guest_time time{Ticks(0)};
        std::optional<Local_apic> apic;
        Fake_lazy_end lazy;
    };

    Apic_fixture()
    {
        for (unsigned i = 0; i < cpus.size(); ++i)
        {
            auto& cpu = cpus[i];
            cpu.apic.emplace(i, bus, timers.clock(), cpu.time);
            cpu.apic->connect(cpu.client);
            EXPECT_TRUE(bus.add(*cpu.apic));
        }
        apic(0).connect(static_cast<External_interrupts&>(pic));
        bus.set_end_listener(ioapic);
    }

    Local_apic& apic(unsigned i) { return *cpus[i].apic; }
    void write(unsigned i, unsigned offset, std::uint32_t value) { apic(i).write_memory_register(offset, value); }
    std::uint32_t read(unsigned i, unsigned offset) { return apic(i).read_memory_register(offset); }
    void enable(unsigned i) { write(i, 0x0f0, 0x1ff); }
    void enable_all()
    {
        for (unsigned i = 0; i < cpus.size(); ++i)
            enable(i);
    }
    void enter_x2apic(unsigned i)
    {
        EXPECT_TRUE(apic(i).write_base(apic(i).base() | 0x400));
        EXPECT_TRUE(apic(i).write_msr(0x80f, 0x1ff));
    }
    /// The vector that is pending, taken as a vcpu takes it; nothing when none is.
    std::optional<unsigned> take(unsigned i)
    {
        auto const pending = apic(i).pending_interrupt();
        if (!pending || (!pending->external && (pending->vector >> 4) <= cpus[i].client.cr8))
            return {};
        return apic(i).acknowledge(*pending);
    }
    void send(unsigned from, std::uint32_t destination, std::uint32_t command)
    {
        write(from, icr_high, destination << 24);
        write(from, icr_low, command);
    }

    /// The PICs' output reaches the first vcpu's LINT0.
    class Lint0 final : public Interrupt_pin
    {
    public:
        explicit Lint0(Apic_fixture& owner) : owner_(owner) {}
        void set(bool level) override
        {
            if (owner_.cpus[0].apic)
                owner_.apic(0).set_local_input(0, level);
        }

    private:
        Apic_fixture& owner_;
    };

    Fake_timers timers;
    std::array<Cpu, 4> cpus;
    Apic_bus bus;
    Lint0 lint0{*this};
    Pic pic{lint0};
    Ioapic ioapic{bus, 4};
    Interrupt_router router{pic, ioapic};
};

} // namespace ovm::interface::test
