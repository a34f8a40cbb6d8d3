#include <gtest/gtest.h>

#include "arch/symbols.hpp"
#include "memory_image.hpp"

namespace ovm::arch
{

namespace
{

constexpr Range<Host_virtual> text{Host_virtual(0xffff'ffff'8020'1000), Bytes(0x3000)};

Memory_image table()
{
    Memory_image image(0);
    image.text("OVMSYMS1").number(2, 4).number(1, 4);
    image.number(0x100, 4).number(0, 4);
    image.number(0x200, 4).number(5, 4);
    image.number(0x210, 4).number(12, 4).number(42, 4);
    image.text("main").number(0, 1).text("second").number(0, 1).text("file.cpp").number(0, 1);
    return image;
}

std::string place(Memory_image& image, std::uint64_t offset)
{
    std::array<char, 100> storage{};
    Text_writer writer(storage);
    Symbol_table const symbols(Byte_view(image.bytes()), text);
    symbols.write_place(writer, text.begin + Bytes(offset));
    symbols.write_source(writer, text.begin + Bytes(offset));
    return std::string(writer.view());
}

} // namespace

TEST(Symbol_table, names_places_and_sources)
{
    auto image = table();
    EXPECT_EQ(place(image, 0x100), "main+0x0");
    EXPECT_EQ(place(image, 0x1ff), "main+0xff");
    EXPECT_EQ(place(image, 0x210), "second+0x10 at file.cpp:42");
    EXPECT_EQ(place(image, 0x211), "second+0x11");
    EXPECT_EQ(place(image, 0xff), "?");
    EXPECT_EQ(place(image, 0x3000), "?");
    EXPECT_EQ(place(image, static_cast<std::uint64_t>(-8)), "?");
}

TEST(Symbol_table, a_missing_or_wrong_table_names_nothing)
{
    Memory_image empty(0);
    EXPECT_EQ(place(empty, 0x100), "?");
    auto image = table();
    image.store(8, 0xffff'ffff, 4);
    image.store(12, 0xffff'ffff, 4);
    static_cast<void>(place(image, 0x100));
    image = table();
    image.store(20, 0xffff'fff0, 4);
    EXPECT_EQ(place(image, 0x100), "+0x0");
}

} // namespace ovm::arch
