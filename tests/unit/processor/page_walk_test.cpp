#include <gtest/gtest.h>

#include <map>

#include "processor/page_walk.hpp"

namespace
{

using namespace ovm;
using namespace ovm::processor;

/// Sparse memory by bytes.
class Fake_memory
{
public:
    std::optional<std::uint32_t> load32(Guest_physical at) { return read<std::uint32_t>(at.value()); }
    std::optional<std::uint64_t> load64(Guest_physical at) { return read<std::uint64_t>(at.value()); }
    void set_bits(Guest_physical at, std::uint8_t bits) { bytes[at.value()] |= bits; }

    template <typename T>
    void store(std::uint64_t at, T value)
    {
        for (unsigned i = 0; i < sizeof(T); ++i)
            bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
    }

    std::map<std::uint64_t, std::uint8_t> bytes{};
    std::uint64_t end = 0x1'0000'0000;

private:
    template <typename T>
    std::optional<T> read(std::uint64_t at)
    {
        if (at + sizeof(T) > end)
            return {};
        T value = 0;
        for (unsigned i = 0; i < sizeof(T); ++i)
            value = static_cast<T>(value | static_cast<T>(bytes.contains(at + i) ? bytes[at + i] : 0) << (8 * i));
        return value;
    }
};

constexpr std::uint64_t pe_pg = bit(31) | 1, wp = bit(16), pse = bit(4), pae = bit(5), la57 = bit(12), smep = bit(20),
                        smap = bit(21), lma = bit(10) | bit(8), nxe = bit(11), nx = bit(63);
constexpr std::uint64_t p = 1, w = 2, u = 4, a = 0x20, d = 0x40, ps = 0x80;

class Page_walk_test : public testing::Test
{
protected:
    std::expected<Guest_physical, Walk_fault> walk(std::uint64_t at, Access access = {})
    {
        return Page_walk(memory_, paging_, access).translate(Guest_virtual(at));
    }
    void expect_at(std::uint64_t at, std::uint64_t physical, Access access = {})
    {
        auto const found = walk(at, access);
        ASSERT_TRUE(found) << std::hex << at << " error " << found.error().error_code;
        EXPECT_EQ(found->value(), physical);
    }
    void expect_fault(std::uint64_t at, std::uint32_t code, Access access = {})
    {
        auto const found = walk(at, access);
        ASSERT_FALSE(found) << std::hex << at;
        EXPECT_EQ(found.error().vector, 14);
        EXPECT_EQ(found.error().error_code, code);
    }
    void long_mode()
    {
        paging_ = {.cr0 = pe_pg | wp, .cr3 = 0x1000, .cr4 = pae, .efer = lma | nxe};
        memory_.store<std::uint64_t>(0x1000, 0x2000 | p | w | u);
        memory_.store<std::uint64_t>(0x2000, 0x3000 | p | w | u);
        memory_.store<std::uint64_t>(0x3000, 0x4000 | p | w | u);
    }

    Fake_memory memory_;
    Paging paging_{};
};

TEST_F(Page_walk_test, WithoutPagingAddressesAre32Bits)
{
    expect_at(0x1'2345'6789, 0x2345'6789);
}

TEST_F(Page_walk_test, FourLevels)
{
    long_mode();
    memory_.store<std::uint64_t>(0x4000 + 8 * 5, 0x77000 | p | w | u | a);
    expect_at(0x5123, 0x77123);
    expect_fault(0x6123, 0);
    expect_fault(0x6123, 2 | 4, {.write = true, .user = true});
    expect_fault(0x6123, 16, {.execute = true});
}

TEST_F(Page_walk_test, HighestHalfUsesTheLastEntries)
{
    paging_ = {.cr0 = pe_pg, .cr3 = 0x1000 | 0x18, .cr4 = pae, .efer = lma | nxe};
    memory_.store<std::uint64_t>(0x1ff8, 0x2000 | p | w);
    memory_.store<std::uint64_t>(0x2ff0, 0x3000 | p | w);
    memory_.store<std::uint64_t>(0x3000, 0x40'0000 | p | w | ps | a);
    expect_at(0xffff'ffff'8000'1234, 0x40'1234);
}

TEST_F(Page_walk_test, LargePages)
{
    long_mode();
    memory_.store<std::uint64_t>(0x3008, 0x8020'0000 | bit(12) | p | w | u | ps | a); // bit 12 is the PAT's
    expect_at(0x20'1abc, 0x8020'1abc);
    memory_.store<std::uint64_t>(0x2008, 0x4000'0000 | p | w | u | ps | a);
    expect_at(0x4321'0abc, 0x4321'0abc);
}

TEST_F(Page_walk_test, LargeTopEntryIsReserved)
{
    long_mode();
    memory_.store<std::uint64_t>(0x1000, 0x2000 | p | w | u | ps);
    expect_fault(0x5000, 1 | 8);
}

TEST_F(Page_walk_test, NotCanonicalAndFiveLevelsAreGeneralProtection)
{
    long_mode();
    for (auto at : {0x0000'8000'0000'0000ull, 0xffff'7fff'ffff'ffffull})
    {
        auto const found = walk(at);
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().vector, 13);
    }
    paging_.cr4 |= la57;
    ASSERT_FALSE(walk(0x5000));
    EXPECT_EQ(walk(0x5000).error().vector, 13);
}

TEST_F(Page_walk_test, RightsOfAllLevelsCount)
{
    long_mode();
    memory_.store<std::uint64_t>(0x4000, 0x77000 | p | w | u | a | d);
    expect_at(0, 0x77000, {.write = true, .user = true});
    memory_.store<std::uint64_t>(0x2000, 0x3000 | p | u); // read-only above
    expect_fault(0, 1 | 2 | 4, {.write = true, .user = true});
    expect_fault(0, 1 | 2, {.write = true});
    paging_.cr0 &= ~wp;
    expect_at(0, 0x77000, {.write = true});
    memory_.store<std::uint64_t>(0x2000, 0x3000 | p | w); // supervisor above
    expect_fault(0, 1 | 4, {.user = true});
    expect_at(0, 0x77000);
}

TEST_F(Page_walk_test, NoExecute)
{
    long_mode();
    memory_.store<std::uint64_t>(0x4000, 0x77000 | p | w | u | a | nx);
    expect_fault(0, 1 | 16, {.execute = true});
    expect_at(0, 0x77000);
    memory_.store<std::uint64_t>(0x4000, 0x77000 | p | w | u | a);
    memory_.store<std::uint64_t>(0x1000, 0x2000 | p | w | u | nx);
    expect_fault(0, 1 | 16, {.execute = true});
    paging_.efer &= ~nxe;
    expect_fault(0, 1 | 8, {}); // NX is a reserved bit then
}

TEST_F(Page_walk_test, SupervisorPreventions)
{
    long_mode();
    memory_.store<std::uint64_t>(0x4000, 0x77000 | p | w | u | a);
    paging_.cr4 |= smep;
    expect_fault(0, 1 | 16, {.execute = true});
    expect_at(0, 0x77000, {.execute = true, .user = true});
    paging_.cr4 |= smap;
    expect_fault(0, 1);
    paging_.rflags = bit(18);
    expect_at(0, 0x77000);
}

TEST_F(Page_walk_test, SetsAccessedAndDirty)
{
    long_mode();
    memory_.store<std::uint64_t>(0x4000, 0x77000 | p | w | u);
    expect_at(0, 0x77000);
    EXPECT_EQ(memory_.bytes[0x4000], p | w | u | a);
    expect_at(0, 0x77000, {.write = true});
    EXPECT_EQ(memory_.bytes[0x4000], p | w | u | a | d);
}

TEST_F(Page_walk_test, TablesOutsideOfRamAreNotPresent)
{
    long_mode();
    memory_.end = 0x4000;
    expect_fault(0, 0);
}

TEST_F(Page_walk_test, ThirtyTwoBit)
{
    paging_ = {.cr0 = pe_pg, .cr3 = 0x1000, .cr4 = pse};
    memory_.store<std::uint32_t>(0x1000 + 4 * 3, 0x2000 | p | w | u);
    memory_.store<std::uint32_t>(0x2000 + 4 * 7, 0x5000 | p | u | a);
    expect_at(0xc0'7123, 0x5123);
    expect_fault(0xc0'7123, 1 | 2 | 4, {.write = true, .user = true});
    expect_at(0xc0'7123, 0x5123, {.write = true}); // no WP
    // 4 MiB page with high bits in 20 to 13
    memory_.store<std::uint32_t>(0x1000 + 4 * 4, 0x0240'0000 | 3 << 13 | p | w | u | ps | a);
    expect_at(0x100'0456 + 0x12000, 0x3'0241'2456);
    paging_.cr4 = 0; // then PS means nothing
    memory_.store<std::uint32_t>(0x1000 + 4 * 4, 0x2000 | p | w | u | ps);
    expect_at(0x100'7123, 0x5123);
}

TEST_F(Page_walk_test, PhysicalAddressExtension)
{
    paging_ = {.cr0 = pe_pg | wp, .cr3 = 0x1020, .cr4 = pae, .efer = nxe};
    memory_.store<std::uint64_t>(0x1020 + 8 * 3, 0x2000 | p); // no rights in the top entry
    memory_.store<std::uint64_t>(0x2000 + 8, 0x3000 | p | w | u);
    memory_.store<std::uint64_t>(0x3000 + 16, 0x1'2345'6000 | p | w | u | a | d);
    expect_at(0xc020'2abc, 0x1'2345'6abc, {.write = true, .user = true});
    memory_.store<std::uint64_t>(0x2000 + 16, 0x6040'0000 | p | w | u | ps | a);
    expect_at(0xc041'2345, 0x6041'2345);
    expect_fault(0x0000'1000, 0);
}

} // namespace
