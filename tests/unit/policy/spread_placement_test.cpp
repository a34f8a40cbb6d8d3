#include <gtest/gtest.h>

#include "arch/hosted/machine.hpp"
#include "policy/spread_placement.hpp"

namespace
{

using namespace ovm;

TEST(Spread_placement, EveryCoreGetsItsShare)
{
    arch::hosted::reset(4);
    policy::Spread_placement placement(4);
    std::array<unsigned, 4> homes{};
    for (std::uint32_t vm = 1; vm <= 5; ++vm)
        for (std::uint32_t index = 0; index < 4; ++index)
            ++homes[placement.place(Vm_id(vm), Vcpu_index(index)).value()];
    for (auto count : homes)
        EXPECT_EQ(count, 5u);
}

TEST(Spread_placement, PrefersTheNodeOfTheFirstVcpuAmongEquals)
{
    arch::hosted::reset(4, 2);
    policy::Spread_placement placement(4);
    EXPECT_EQ(placement.place(Vm_id(1), Vcpu_index(0)), Core_id(0));
    EXPECT_EQ(placement.place(Vm_id(2), Vcpu_index(0)), Core_id(1));
    EXPECT_EQ(placement.place(Vm_id(3), Vcpu_index(0)), Core_id(2));
    EXPECT_EQ(placement.place(Vm_id(4), Vcpu_index(0)), Core_id(3));
    EXPECT_EQ(placement.place(Vm_id(4), Vcpu_index(1)), Core_id(2));
}

TEST(Spread_placement, WhoLeavesMakesRoom)
{
    arch::hosted::reset(2);
    policy::Spread_placement placement(2);
    EXPECT_EQ(placement.place(Vm_id(1), Vcpu_index(0)), Core_id(0));
    EXPECT_EQ(placement.place(Vm_id(1), Vcpu_index(1)), Core_id(1));
    placement.leave(Core_id(1));
    EXPECT_EQ(placement.place(Vm_id(2), Vcpu_index(0)), Core_id(1));
}

} // namespace
