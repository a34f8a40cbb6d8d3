#include <gtest/gtest.h>

#include <random>

#include "arch/boot_information.hpp"
#include "memory_image.hpp"

namespace ovm::arch
{

namespace
{

/// hvm_start_info at 0x1000, memory map, module, command line behind it.
Memory_image pvh_image()
{
    Memory_image image(0x1000);
    image.number(0x336ec578, 4).number(1, 4).number(0, 4).number(1, 4);
    image.number(0x1080, 8).number(0x10c0, 8).number(0xf5a20, 8).number(0x1040, 8).number(2, 4).number(0, 4);
    image.zeros(0x1040 - image.end());
    image.number(0, 8).number(0x9fc00, 8).number(1, 4).number(0, 4);
    image.number(0x100000, 8).number(0x7f00000, 8).number(1, 4).number(0, 4);
    image.zeros(0x1080 - image.end());
    image.number(0x6000000, 8).number(0x12345, 8).number(0, 8).number(0, 8);
    image.zeros(0x10c0 - image.end());
    image.text("records=com2 crash=reset").number(0, 1);
    return image;
}

/// Tags: command line, module, memory map, framebuffer, RSDP copy, end.
Memory_image multiboot2_image()
{
    Memory_image image(0x2000);
    image.number(0, 8);
    image.number(1, 4).number(8 + 12, 4).text("framebuffer").number(0, 1).align(8);
    image.number(3, 4).number(20, 4).number(0x300000, 4).number(0x380001, 4).text("arc").number(0, 1).align(8);
    image.number(6, 4).number(16 + 2 * 24, 4).number(24, 4).number(0, 4);
    image.number(0, 8).number(0xa0000, 8).number(1, 4).number(0, 4);
    image.number(0xfff00000, 8).number(0x100000, 8).number(77, 4).number(0, 4);
    image.number(8, 4).number(38, 4).number(0xe0000000, 8).number(4096, 4).number(1024, 4).number(768, 4).number(32, 1);
    image.number(1, 1).zeros(8).align(8);
    image.number(15, 4).number(8 + 36, 4).text("RSD PTR ").zeros(28).align(8);
    image.number(0, 4).number(8, 4);
    image.store(0x2000, image.end() - 0x2000, 4);
    return image;
}

} // namespace

TEST(Boot_information, pvh)
{
    auto image = pvh_image();
    Boot_information information;
    ASSERT_TRUE(parse_pvh(image, Host_physical(0x1000), information).has_value());
    EXPECT_EQ(information.memory.size(), 2);
    EXPECT_EQ(information.memory[1].range.begin, Host_physical(0x100000));
    EXPECT_EQ(information.archive.begin, Host_physical(0x6000000));
    EXPECT_EQ(information.archive.size, Bytes(0x12345));
    EXPECT_EQ(information.rsdp, Host_physical(0xf5a20));
    EXPECT_EQ(option(information, "records"), "com2");
    EXPECT_EQ(option(information, "crash"), "reset");
    EXPECT_EQ(option(information, "cras"), "");
}

TEST(Boot_information, pvh_with_a_wrong_magic_is_refused)
{
    auto image = pvh_image();
    image.at(0x1000) ^= 1;
    Boot_information information;
    EXPECT_EQ(parse_pvh(image, Host_physical(0x1000), information).error(), Error::corrupt);
    EXPECT_EQ(parse_pvh(image, Host_physical(0x9000'0000), information).error(), Error::out_of_range);
}

TEST(Boot_information, multiboot2)
{
    auto image = multiboot2_image();
    Boot_information information;
    ASSERT_TRUE(parse_multiboot2(image, Host_physical(0x2000), information).has_value());
    EXPECT_EQ(information.command_line.view(), "framebuffer");
    EXPECT_EQ(information.archive.begin, Host_physical(0x300000));
    EXPECT_EQ(information.archive.size, Bytes(0x80001));
    ASSERT_EQ(information.memory.size(), 2);
    EXPECT_EQ(information.memory[1].type, Memory_type::reserved);
    EXPECT_EQ(information.framebuffer.kind, Framebuffer::Kind::rgb);
    EXPECT_EQ(information.framebuffer.width, 1024);
    ASSERT_TRUE(information.rsdp.has_value());
    EXPECT_EQ(Byte_view(image.view(*information.rsdp, Bytes(8))).starts_with("RSD PTR "), true);
}

TEST(Boot_information, a_framebuffer_whose_lines_do_not_fit_is_not_used)
{
    auto image = multiboot2_image();
    for (std::uint64_t at = 0x2000; at < image.end(); ++at)
    {
        if (Byte_view(image.view(Host_physical(at), Bytes(4))).load32(0) == 4096)
            image.store(at, 1024, 4);
    }
    Boot_information information;
    ASSERT_TRUE(parse_multiboot2(image, Host_physical(0x2000), information).has_value());
    EXPECT_EQ(information.framebuffer.kind, Framebuffer::Kind::none);
}

TEST(Boot_information, no_bytes_make_the_parsers_crash)
{
    std::mt19937 random(7);
    for (int round = 0; round < 20'000; ++round)
    {
        auto pvh = pvh_image();
        auto multiboot2 = multiboot2_image();
        for (int i = 0; i < 4; ++i)
        {
            pvh.bytes()[random() % pvh.bytes().size()] = static_cast<std::uint8_t>(random());
            multiboot2.bytes()[random() % multiboot2.bytes().size()] = static_cast<std::uint8_t>(random());
        }
        Boot_information information;
        static_cast<void>(parse_pvh(pvh, Host_physical(0x1000), information));
        Boot_information other;
        static_cast<void>(parse_multiboot2(multiboot2, Host_physical(0x2000), other));
    }
}

} // namespace ovm::arch
