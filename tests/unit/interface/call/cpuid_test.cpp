#include <gtest/gtest.h>

#include <cstring>

#include "interface/call/cpuid.hpp"
#include "interface/platform/device_fakes.hpp"

namespace ovm::interface::test
{

class Cpuid_test : public testing::Test
{
protected:
    Cpuid_result ask(std::uint32_t leaf, std::uint32_t subleaf = 0, std::uint32_t apic_id = 0)
    {
        return policy.answer(leaf, subleaf, apic_id, cr4, xcr0);
    }

    std::uint64_t cr4 = 0;
    std::uint64_t xcr0 = 1;
    Cpuid_policy policy{4};
};

TEST_F(Cpuid_test, OffersWhatOvmEmulates)
{
    auto const features = ask(1, 0, 3);
    EXPECT_EQ(features.ebx >> 24, 3u);
    EXPECT_EQ((features.ebx >> 16) & 0xff, 4u);
    EXPECT_TRUE(features.ecx & 1u << 21);  // x2APIC
    EXPECT_TRUE(features.ecx & 1u << 24);  // TSC deadline
    EXPECT_TRUE(features.ecx & 1u << 31);  // under a hypervisor
    EXPECT_FALSE(features.ecx & 1u << 3);  // MONITOR
    EXPECT_FALSE(features.ecx & 1u << 5);  // VMX
    EXPECT_FALSE(features.ecx & 1u << 27); // OSXSAVE before CR4 says so
    EXPECT_TRUE(features.edx & 1u << 9);   // APIC
    EXPECT_TRUE(features.edx & 1u << 12);  // MTRR
    EXPECT_TRUE(features.edx & 1u << 16);  // PAT
    EXPECT_TRUE(ask(7).ebx & 1u << 1);     // TSC_ADJUST
    cr4 = 1u << 18;
    EXPECT_EQ((ask(1).ecx >> 27) & 1, (ask(1).ecx >> 26) & 1);
}

TEST_F(Cpuid_test, HidesVirtualizationAndCounters)
{
    EXPECT_FALSE(ask(0x8000'0001).ecx & 1u << 2); // SVM
    EXPECT_EQ(ask(0x8000'000a).edx, 0u);
    EXPECT_EQ(ask(0xa).eax, 0u);
    EXPECT_EQ(ask(5).ecx, 0u);
    EXPECT_FALSE(ask(0x8000'0001).ecx & 1u << 23); // extended counters
}

TEST_F(Cpuid_test, OneSocket)
{
    EXPECT_EQ(ask(0x8000'0008).ecx & 0xff, 3u);
    EXPECT_EQ((ask(0x8000'0008).ecx >> 12) & 0xf, 2u);
    EXPECT_TRUE(ask(1).edx & 1u << 28);
    EXPECT_FALSE(Cpuid_policy(1).answer(1, 0, 0, 0, 1).edx & 1u << 28);
    EXPECT_EQ(ask(0xb, 0, 2).edx, 2u);
    EXPECT_EQ(ask(0xb, 1, 2).ebx, 4u);
    EXPECT_EQ(ask(0xb, 1, 2).eax, 2u);
    EXPECT_EQ(ask(0xb, 2, 2).ebx, 0u);
}

TEST_F(Cpuid_test, SizesOfExtendedState)
{
    if (ask(0).eax < 0xd || ask(0xd).eax == 0)
        GTEST_SKIP() << "this processor has no XSAVE";
    EXPECT_EQ(ask(0xd).ebx, 576u);
    if (ask(0xd).eax & 4)
    {
        xcr0 = 7;
        EXPECT_EQ(ask(0xd).ebx, 832u);
        EXPECT_EQ(ask(0xd, 2).eax, 256u);
        EXPECT_EQ(ask(0xd, 2).ebx, 576u);
        EXPECT_EQ(ask(0xd).ecx, 832u);
    }
    EXPECT_EQ(ask(0xd, 9).eax, 0u);
}

TEST_F(Cpuid_test, IntroducesItselfAsKvm)
{
    auto const name = ask(0x4000'0000);
    char text[13] = {};
    std::memcpy(text, &name.ebx, 4);
    std::memcpy(text + 4, &name.ecx, 4);
    std::memcpy(text + 8, &name.edx, 4);
    EXPECT_STREQ(text, "KVMKVMKVM");
    EXPECT_EQ(name.eax, 0x4000'0001u);
    auto const features = ask(0x4000'0001).eax;
    EXPECT_EQ(features & ~(1u << 24), 0x6bu);
    EXPECT_EQ(features >> 24 & 1, arch::time_stamp_is_invariant() ? 1u : 0u);
    EXPECT_EQ(ask(0x4000'0002).eax, 0u);
}

TEST_F(Cpuid_test, UnknownLeavesAreZero)
{
    Garbage garbage(10);
    for (unsigned i = 0; i < 100'000; ++i)
    {
        auto const leaf = static_cast<std::uint32_t>(garbage.number());
        auto const answer = ask(leaf, static_cast<std::uint32_t>(garbage.number()));
        if (leaf > 0x20 && leaf < 0x4000'0000)
        {
            ASSERT_EQ(answer.eax | answer.ebx | answer.ecx | answer.edx, 0u);
        }
    }
    EXPECT_EQ(ask(0x9fff'ffff).eax, 0u);
}

} // namespace ovm::interface::test
