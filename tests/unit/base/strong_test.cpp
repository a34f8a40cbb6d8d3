#include <gtest/gtest.h>

#include <concepts>

#include "base/strong.hpp"

namespace ovm::test
{

// What the types refuse is checked by the compiler.
template <typename A, typename B>
concept Adds = requires(A a, B b) { a + b; };
template <typename A, typename B>
concept Compares = requires(A a, B b) { a == b; };

static_assert(!std::convertible_to<std::uint64_t, Bytes> && !std::convertible_to<Bytes, std::uint64_t>);
static_assert(!std::convertible_to<Pages, Bytes> && !std::constructible_from<Pages, Bytes>);
static_assert(!Adds<Bytes, Pages> && !Adds<Bytes, std::uint64_t> && Adds<Bytes, Bytes>);
static_assert(!Compares<Host_physical, Guest_physical> && !Compares<Vm_id, std::uint32_t>);
static_assert(!Adds<Host_physical, Host_physical> && Adds<Host_physical, Bytes>);
static_assert(!std::convertible_to<Host_physical, Guest_physical>);
static_assert(sizeof(Host_physical) == 8 && sizeof(Irq_vector) == 1 && sizeof(Port) == 2);

TEST(Strong, IsZeroAtFirstAndOrderedByItsValue)
{
    EXPECT_EQ(Vm_id{}.value(), 0u);
    EXPECT_LT(Vm_id(1), Vm_id(2));
    EXPECT_EQ(Core_id(3), Core_id(3));
}

TEST(Quantity, IsCountedWithItsLike)
{
    Bytes size(10);
    size += Bytes(5);
    size -= Bytes(3);
    EXPECT_EQ(size, Bytes(12));
    EXPECT_EQ(size * 3, Bytes(36));
    EXPECT_EQ(size / 5, Bytes(2));
    EXPECT_EQ(to_bytes(Pages(3)), Bytes(12288));
}

TEST(Address, MovesByBytesAndDiffersByBytes)
{
    Host_physical at(0x1000);
    at += Bytes(0x234);
    EXPECT_EQ(at, Host_physical(0x1234));
    EXPECT_EQ(at - Bytes(0x34), Host_physical(0x1200));
    EXPECT_EQ(at - Host_physical(0x1000), Bytes(0x234));
}

TEST(Address, AlignsToPowersOfTwo)
{
    Guest_physical const at(0x20'1234);
    EXPECT_EQ(at.align_down(page_size), Guest_physical(0x20'1000));
    EXPECT_EQ(at.align_up(page_size), Guest_physical(0x20'2000));
    EXPECT_EQ(at.align_down(large_page_size), Guest_physical(0x20'0000));
    EXPECT_EQ(at.offset_in(page_size), Bytes(0x234));
    EXPECT_FALSE(at.is_aligned(page_size));
    Guest_physical const aligned(0x20'1000);
    EXPECT_EQ(aligned.align_down(page_size), aligned);
    EXPECT_EQ(aligned.align_up(page_size), aligned);
    EXPECT_TRUE(aligned.is_aligned(page_size));
}

TEST(Range, ContainsItsBeginAndNotItsEnd)
{
    Range<Guest_physical> const range{Guest_physical(0x1000), Bytes(0x100)};
    EXPECT_FALSE(range.contains(Guest_physical(0xfff)));
    EXPECT_TRUE(range.contains(Guest_physical(0x1000)));
    EXPECT_TRUE(range.contains(Guest_physical(0x10ff)));
    EXPECT_FALSE(range.contains(Guest_physical(0x1100)));
    EXPECT_EQ(range.end(), Guest_physical(0x1100));
    EXPECT_FALSE(Range<Guest_physical>{}.contains(Guest_physical(0)));
}

TEST(Range, ContainsAPieceOnlyWhole)
{
    Range<Guest_physical> const range{Guest_physical(0x1000), Bytes(0x100)};
    EXPECT_TRUE(range.contains(Guest_physical(0x1000), Bytes(0x100)));
    EXPECT_TRUE(range.contains(Guest_physical(0x10ff), Bytes(1)));
    EXPECT_FALSE(range.contains(Guest_physical(0x10ff), Bytes(2)));
    EXPECT_FALSE(range.contains(Guest_physical(0xfff), Bytes(1)));
    EXPECT_TRUE(range.contains(Guest_physical(0x1100), Bytes(0)));
    // A length that wraps the address space round reaches nothing.
    EXPECT_FALSE(range.contains(Guest_physical(0x1001), Bytes(~std::uint64_t{0})));
}

TEST(Range, AtTheTopOfTheAddressSpaceItDoesNotWrap)
{
    Range<Guest_physical> const top{Guest_physical(~std::uint64_t{0} - 0xfff), Bytes(0x1000)};
    EXPECT_TRUE(top.contains(Guest_physical(~std::uint64_t{0})));
    EXPECT_TRUE(top.contains(Guest_physical(~std::uint64_t{0}), Bytes(1)));
    EXPECT_FALSE(top.contains(Guest_physical(~std::uint64_t{0}), Bytes(2)));
    EXPECT_FALSE(top.contains(Guest_physical(0)));
}

TEST(Range, OverlapsWhatItSharesAByteWith)
{
    Range<Host_physical> const range{Host_physical(100), Bytes(10)};
    auto const overlaps = [&](std::uint64_t begin, std::uint64_t size)
    { return range.overlaps({Host_physical(begin), Bytes(size)}); };
    EXPECT_TRUE(overlaps(100, 10));
    EXPECT_TRUE(overlaps(95, 6));
    EXPECT_TRUE(overlaps(109, 1));
    EXPECT_TRUE(overlaps(0, 1000));
    EXPECT_FALSE(overlaps(95, 5));
    EXPECT_FALSE(overlaps(110, 5));
}

} // namespace ovm::test
