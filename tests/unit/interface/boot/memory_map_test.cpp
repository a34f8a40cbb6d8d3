#include <gtest/gtest.h>

#include "interface/boot/memory_map.hpp"

namespace
{

using namespace ovm;
using namespace ovm::interface;

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t gibibyte = 1 << 30;

Guest_memory_map map_of(std::uint64_t size)
{
    return guest_memory_map(memory::Guest_ram::of(Bytes{size}));
}

TEST(GuestMemoryMap, IsSortedDisjointAndNamesOnlyRamAsRam)
{
    for (auto const size : {mebibyte, 2 * mebibyte, 64 * mebibyte, 3 * gibibyte - mebibyte, 3 * gibibyte,
                            3 * gibibyte + mebibyte, 500 * gibibyte})
    {
        auto const ram = memory::Guest_ram::of(Bytes{size});
        Guest_physical last{0};
        for (auto const& entry : map_of(size))
        {
            EXPECT_GE(entry.range.begin, last);
            EXPECT_GT(entry.range.size.value(), 0u);
            last = entry.range.end();
            if (entry.type == Map_type::ram)
            {
                EXPECT_TRUE(ram.around(entry.range.begin).contains(entry.range.begin, entry.range.size));
            }
        }
    }
}

TEST(GuestMemoryMap, GivesAllRamButTheFirmwareArea)
{
    for (auto const size : {mebibyte, 64 * mebibyte, 3 * gibibyte, 8 * gibibyte})
    {
        std::uint64_t total = 0;
        for (auto const& entry : map_of(size))
            total += entry.type == Map_type::ram ? entry.range.size.value() : 0;
        EXPECT_EQ(total, size - mebibyte + 0x9fc00);
    }
}

TEST(GuestMemoryMap, ReservesFirmwareAndDeviceWindows)
{
    auto const map = map_of(64 * mebibyte);
    auto const reserved = [&](std::uint64_t at)
    {
        for (auto const& entry : map)
            if (entry.range.contains(Guest_physical{at}))
                return entry.type == Map_type::reserved;
        return false;
    };
    for (auto const at :
         {0x9fc00ull, 0xe0000ull, 0xf0000ull, 0xfffffull, 0xe0000000ull, 0xe00fffffull, 0xfec00000ull, 0xfee00000ull})
        EXPECT_TRUE(reserved(at)) << std::hex << at;
}

} // namespace
