#include "arch/x86_64/screen_writer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace ovm::arch::test
{

class Screen_writer_test : public testing::Test
{
protected:
    /// Just as much memory as the screen has, so that a byte drawn beside it is noticed.
    void open(const Framebuffer& framebuffer)
    {
        info = framebuffer;
        memory.assign(std::size_t{info.pitch} * info.height, 0xaa);
        memory.shrink_to_fit();
        screen.use(info, memory.data());
    }
    void write(std::string_view text)
    {
        for (char const character : text)
            screen.write(character);
    }
    /// A row of a text screen, up to its last mark.
    std::string row(std::size_t number)
    {
        std::string text;
        for (std::size_t i = 0; i < info.width; ++i)
            text.push_back(static_cast<char>(memory[number * info.pitch + i * 2]));
        text.erase(text.find_last_not_of(' ') + 1);
        return text;
    }
    /// Dots of the cell that are lit; pixels that are neither black nor white fail.
    unsigned lit(std::size_t column, std::size_t row)
    {
        unsigned count = 0;
        std::size_t const pixel = info.bits / 8u;
        for (std::size_t y = row * 16; y < row * 16 + 16; ++y)
        {
            for (std::size_t x = column * 8; x < column * 8 + 8; ++x)
            {
                auto const value = memory[y * info.pitch + x * pixel];
                EXPECT_TRUE(value == 0 || value == 0xff);
                for (std::size_t i = 1; i < pixel; ++i)
                    EXPECT_EQ(memory[y * info.pitch + x * pixel + i], value);
                count += value == 0xff ? 1 : 0;
            }
        }
        return count;
    }

    static constexpr Framebuffer text_screen{Framebuffer::Kind::text, Host_physical(0xb8000), 160, 80, 25, 16};

    Framebuffer info{};
    std::vector<std::uint8_t> memory;
    Screen_writer screen;
};

TEST_F(Screen_writer_test, WithoutAScreenNothingHappens)
{
    write("nobody sees this\n");
    EXPECT_FALSE(screen.present());
    open({Framebuffer::Kind::rgb, Host_physical(0), 7 * 4, 7, 16, 32}); // no room for a line
    EXPECT_FALSE(screen.present());
    write("nor this\n");
}

TEST_F(Screen_writer_test, TextGoesFromTopToBottomAndRoundAgain)
{
    open(text_screen);
    for (unsigned i = 0; i < 23; ++i)
        write("line " + std::to_string(i) + "\r\n");
    EXPECT_EQ(row(0), "line 0");
    EXPECT_EQ(row(22), "line 22");
    write("next\nlast\nfirst");
    EXPECT_EQ(row(23), "next");
    EXPECT_EQ(row(24), "last");
    EXPECT_EQ(row(0), "first");
    EXPECT_EQ(row(1), ""); // the gap ahead of the newest
    EXPECT_EQ(row(2), "line 2");
    EXPECT_EQ(memory[1], 0x07);
}

TEST_F(Screen_writer_test, LongLinesGoOnBelow)
{
    open(text_screen);
    write(std::string(80, 'a') + "bc");
    EXPECT_EQ(row(0), std::string(80, 'a'));
    EXPECT_EQ(row(1), "bc");
}

TEST_F(Screen_writer_test, DrawsInEveryPixelSize)
{
    for (unsigned const bits : {16u, 24u, 32u})
    {
        // Lines are longer than the picture is wide, and its height is no multiple of a row's.
        screen = {};
        open({Framebuffer::Kind::rgb, Host_physical(0), 100 * bits / 8 + 8, 100, 57, static_cast<std::uint8_t>(bits)});
        EXPECT_TRUE(screen.present());
        write("I .");
        EXPECT_EQ(lit(0, 0), 22u); // 7 dots and twice 2, each two lines high
        EXPECT_EQ(lit(1, 0), 0u);
        EXPECT_EQ(lit(2, 0), 2u);
        for (unsigned i = 0; i < 20; ++i)
            write("every column of it\n");
    }
}

} // namespace ovm::arch::test
