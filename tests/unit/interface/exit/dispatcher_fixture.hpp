#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "interface/exit/dispatcher.hpp"
#include "processor/vcpu_fixture.hpp"

namespace ovm::interface::test
{

using arch::Register;
using ovm::test::Exit;
using ovm::test::Exit_kind;
using ovm::test::Running_vcpu;
using ovm::test::Vcpu_test;
using processor::Vcpu;
namespace exit_code = arch::svm::exit_code;
namespace event = arch::svm::event;

inline constexpr std::uint64_t undefined = event::valid | event::exception | 6;
inline constexpr std::uint64_t protection = event::valid | event::exception | event::has_error | 13;
inline constexpr std::uint64_t code_at = 0x8000;

struct Access
{
    std::uint64_t at = 0;
    unsigned size = 0;
    std::uint64_t value = 0;
    bool operator==(const Access&) const = default;
};

/// Answers reads with one value and remembers what was written.
struct Device final : Port_device, Memory_device
{
    std::uint32_t read_port(Vcpu&, std::uint16_t port, unsigned size) override
    {
        reads.push_back({port, size, 0});
        return answer;
    }
    void write_port(Vcpu&, std::uint16_t port, unsigned size, std::uint32_t value) override
    {
        writes.push_back({port, size, value});
    }
    std::uint64_t read_memory(Vcpu&, Bytes offset, unsigned size) override
    {
        reads.push_back({offset.value(), size, 0});
        return answer;
    }
    void write_memory(Vcpu&, Bytes offset, unsigned size, std::uint64_t value) override
    {
        writes.push_back({offset.value(), size, value});
    }

    std::uint32_t answer = 0x1122'3344;
    std::vector<Access> reads{}, writes{};
};

/// A VM's answers, as simple as can be.
struct Answers final : Cpuid_source, Msr_device, Call_target, Vm_events
{
    Cpuid_result cpuid(Vcpu&, std::uint32_t leaf, std::uint32_t subleaf) override
    {
        return {leaf + 1, subleaf + 1, 3, 4};
    }
    Result<std::uint64_t> read_msr(Vcpu&, std::uint32_t msr) override
    {
        if (msr != 0x10)
            return Error::denied;
        return 0x1234'5678'9abc'def0u;
    }
    Result<> write_msr(Vcpu&, std::uint32_t msr, std::uint64_t value) override
    {
        if (msr != 0x10)
            return Error::denied;
        written = value;
        return {};
    }
    std::uint64_t call(Vcpu&, std::uint64_t number) override { return number * 2; }
    void crashed(Vcpu&, const Exit&, const char* why) override { crashes.emplace_back(why); }

    std::uint64_t written = 0;
    std::vector<std::string> crashes{};
};

/// One vcpu in 64-bit code whose exits a dispatcher handles.
class Dispatcher_test : public Vcpu_test
{
protected:
    Dispatcher_test() : one(machine_.add())
    {
        one.on_exit = [this](Vcpu& vcpu, const Exit& exit) { dispatcher.handle(vcpu, exit); };
        long_mode(*one.vcpu, code_at);
    }

    Vcpu& vcpu() { return *one.vcpu; }
    std::uint64_t get(Register name) { return vcpu().state().get(name); }
    void set(Register name, std::uint64_t value) { vcpu().state().set(name, value); }

    /// The guest leaves once with this exit; answers what was injected at the next entry, 0 for nothing.
    std::uint64_t exit(std::uint64_t exit_code, std::uint64_t information1 = 0, std::uint64_t information2 = 0)
    {
        std::uint64_t injected = 0;
        unsigned entries = 0;
        one.guest = [&](arch::hosted::Guest& guest)
        {
            if (++entries == 1)
                return guest.exit(exit_code, information1, information2);
            injected = guest.vmcb.control.event_injection & 0xffff'ffffu;
            guest.exit(exit_code::intr);
        };
        vcpu().start(processor::Run_state::runnable);
        machine_.turn();
        EXPECT_GE(entries, 2u) << "the vcpu never came back";
        return injected;
    }
    /// A dispatcher's answer to an exit that is made by hand.
    void handle(Exit made)
    {
        made.next_rip = code_at + 2;
        dispatcher.handle(vcpu(), made);
    }
    void expect_protection()
    {
        auto const event = vcpu().state().take_event();
        ASSERT_TRUE(event);
        EXPECT_EQ(event->type, arch::Event::Type::exception);
        EXPECT_EQ(event->vector, 13);
        EXPECT_EQ(event->error_code, 0u);
    }
    bool advanced(unsigned length = 2) { return vcpu().state().rip() == code_at + length; }

    Running_vcpu& one;
    Answers answers;
    Dispatcher dispatcher{answers, answers, answers, answers};
    Device device, other;
};

} // namespace ovm::interface::test
