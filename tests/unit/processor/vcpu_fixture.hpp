#pragma once

#include <gtest/gtest.h>

#include "processor/running_vcpus.hpp"

namespace ovm::test
{

using arch::Exit;
using arch::Exit_kind;
using arch::hosted::Guest;
using processor::Run_state;
using processor::Vcpu;
namespace exit_code = arch::svm::exit_code;
namespace event = arch::svm::event;

constexpr std::uint64_t interrupt_flag = 0x200;

class Vcpu_test : public testing::Test
{
protected:
    /// A guest of 64-bit code at `rip`, mapped one to one by 4 KiB pages.
    void long_mode(Vcpu& vcpu, std::uint64_t rip)
    {
        auto& memory = machine_.memory();
        ASSERT_TRUE(memory.store(Guest_physical(0x1000), 8, 0x2027));
        ASSERT_TRUE(memory.store(Guest_physical(0x2000), 8, 0x3027));
        ASSERT_TRUE(memory.store(Guest_physical(0x3000), 8, 0x4027));
        for (std::uint64_t page = 0; page < 64; ++page)
            ASSERT_TRUE(memory.store(Guest_physical(0x4000 + page * 8), 8, page * 0x1000 | 0x27));
        auto& state = vcpu.state();
        state.set_cr3(0x1000);
        state.set_cr4(0x20);
        state.set_efer(0xd00);
        state.set_cr0(0x8000'0011);
        state.set_segment(arch::Segment_name::cs, {8, 0xa9b, 0xffff'ffff, 0});
        state.set_segment(arch::Segment_name::ss, {16, 0xc93, 0xffff'ffff, 0});
        state.set_rip(rip);
    }
    void code(std::uint64_t at, std::initializer_list<std::uint8_t> bytes)
    {
        for (auto byte : bytes)
            ASSERT_TRUE(machine_.memory().store(Guest_physical(at++), 1, byte));
    }
    void start(Running_vcpu& vcpu, Run_state first = Run_state::runnable)
    {
        vcpu.vcpu->start(first);
        machine_.turn();
    }

    Running_vcpus machine_{2};
};

} // namespace ovm::test
