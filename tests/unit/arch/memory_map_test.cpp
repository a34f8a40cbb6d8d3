#include <gtest/gtest.h>

#include "arch/memory_map.hpp"

namespace ovm::arch
{

namespace
{

constexpr Host_physical gib(std::uint64_t count)
{
    return Host_physical(count << 30);
}

Memory_map map_of(std::initializer_list<Memory_range> entries)
{
    Boot_information information;
    for (auto const& entry : entries)
        EXPECT_TRUE(information.memory.push_back(entry).has_value());
    Memory_map map;
    map.build(information);
    return map;
}

Range<Host_physical> range(std::uint64_t begin, std::uint64_t end)
{
    return {Host_physical(begin), Bytes(end - begin)};
}

void expect_ranges(const Memory_map& map, std::initializer_list<Range<Host_physical>> expected)
{
    ASSERT_EQ(map.ranges().size(), expected.size());
    std::size_t i = 0;
    for (auto const& wanted : expected)
    {
        EXPECT_EQ(map.ranges()[i].begin, wanted.begin) << i;
        EXPECT_EQ(map.ranges()[i].end(), wanted.end()) << i;
        ++i;
    }
}

} // namespace

TEST(Memory_map, whole_pages_sorted_merged_and_without_what_is_reserved)
{
    auto const map = map_of({
        {range(0x100000, 0x200000), Memory_type::usable},
        {range(0x800, 0x9fc00), Memory_type::usable},
        {range(0x200000, 0x300000), Memory_type::usable},
        {range(0x180000, 0x180010), Memory_type::reserved},
        {range(0x150000, 0x160000), Memory_type::usable},
    });
    expect_ranges(map, {range(0x1000, 0x9f000), range(0x100000, 0x180000), range(0x181000, 0x300000)});
}

TEST(Memory_map, removes_across_several_ranges)
{
    auto map = map_of({{range(0x1000, 0x5000), Memory_type::usable},
                       {range(0x6000, 0x7000), Memory_type::usable},
                       {range(0x8000, 0xa000), Memory_type::usable}});
    map.remove(range(0x3800, 0x9001));
    expect_ranges(map, {range(0x1000, 0x3000)});
    map.remove(range(0, 0));
    EXPECT_EQ(map.total(), Bytes(0x2000));
}

TEST(Memory_map, takes_from_the_top_below_a_limit)
{
    auto map = map_of({{{Host_physical(0x100000), Bytes(0x3ff00000)}, Memory_type::usable},
                       {{gib(4), Bytes(std::uint64_t{1} << 30)}, Memory_type::usable}});
    EXPECT_EQ(map.take(Bytes(0x1000), Bytes(0x1000), gib(4)), Host_physical(0x3ffff000));
    EXPECT_EQ(map.take(Bytes(0x2000), Bytes(0x200000), gib(4)), Host_physical(0x3fe00000));
    EXPECT_EQ(map.take(Bytes(0x1000), Bytes(0x1000), gib(8)), Host_physical((std::uint64_t{5} << 30) - 0x1000));
    EXPECT_FALSE(map.take(Bytes(std::uint64_t{8} << 30), Bytes(0x1000), gib(8)).has_value());
}

TEST(Memory_map, a_wild_range_is_cut_to_what_processors_address)
{
    auto const map = map_of({{{Host_physical(0x1000), Bytes(~std::uint64_t{0} - 0x1000)}, Memory_type::usable}});
    expect_ranges(map, {range(0x1000, std::uint64_t{1} << 52)});
}

TEST(Memory_map, a_full_table_loses_memory_but_never_gives_it_twice)
{
    Boot_information information;
    EXPECT_TRUE(
        information.memory.push_back({{Host_physical(0), Bytes(0x1000'0000)}, Memory_type::usable}).has_value());
    Memory_map map;
    map.build(information);
    for (std::uint64_t i = 0; i < 1000; ++i)
        map.remove(range(0x2000 * i, 0x2000 * i + 0x1000));
    for (std::size_t i = 1; i < map.ranges().size(); ++i)
        EXPECT_LE(map.ranges()[i - 1].end(), map.ranges()[i].begin);
    for (auto const& left : map.ranges())
    {
        for (std::uint64_t i = 0; i < 1000; ++i)
            EXPECT_FALSE(left.overlaps(range(0x2000 * i, 0x2000 * i + 0x1000)));
    }
}

TEST(Split_by_node, cuts_at_boundaries_and_gives_the_rest_to_node_0)
{
    std::array const free{range(0x1000, 0x9000), range(0x10000, 0x20000)};
    std::array const nodes{Node_memory{range(0x0, 0x4000), Node_id(0)},
                           Node_memory{range(0x4000, 0x18000), Node_id(1)}};
    Static_vector<Free_range, 256> split;
    split_by_node(free, nodes, split);
    ASSERT_EQ(split.size(), 4);
    EXPECT_EQ(split[0].range.end(), Host_physical(0x4000));
    EXPECT_EQ(split[0].node, Node_id(0));
    EXPECT_EQ(split[1].range.end(), Host_physical(0x9000));
    EXPECT_EQ(split[1].node, Node_id(1));
    EXPECT_EQ(split[2].range.end(), Host_physical(0x18000));
    EXPECT_EQ(split[2].node, Node_id(1));
    EXPECT_EQ(split[3].range.begin, Host_physical(0x18000));
    EXPECT_EQ(split[3].node, Node_id(0));
}

} // namespace ovm::arch
