#include <gtest/gtest.h>

#include "interface/platform/device_fakes.hpp"
#include "interface/platform/pic.hpp"

namespace ovm::interface::test
{

class Recording_pin final : public Interrupt_pin
{
public:
    void set(bool level) override
    {
        this->level = level;
        ++changes;
    }

    bool level = false;
    unsigned changes = 0;
};

class Pic_test : public testing::Test
{
protected:
    Pic_test()
    {
        initialise(0x20, 0x21, 0x20, 4, 1);
        initialise(0xa0, 0xa1, 0x28, 2, 1);
    }
    void initialise(std::uint16_t command, std::uint16_t data, std::uint8_t base, std::uint8_t icw3, std::uint8_t icw4)
    {
        pic.write_byte(command, 0x11);
        pic.write_byte(data, base);
        pic.write_byte(data, icw3);
        pic.write_byte(data, icw4);
    }
    void pulse(unsigned input)
    {
        last = pic.set_input(input, true);
        pic.set_input(input, false);
    }

    Recording_pin pin;
    Pic pic{pin};
    Acceptance last = Acceptance::nobody;
};

TEST_F(Pic_test, DeliversByPriority)
{
    EXPECT_FALSE(pin.level);
    pulse(4);
    EXPECT_TRUE(pin.level);
    EXPECT_EQ(last, Acceptance::taken);
    pulse(4);
    EXPECT_EQ(last, Acceptance::waiting);
    pulse(1);
    EXPECT_EQ(pic.acknowledge(), 0x21);
    EXPECT_FALSE(pin.level); // 4 waits behind 1
    pic.write_byte(0x20, 0x20);
    EXPECT_TRUE(pin.level);
    EXPECT_EQ(pic.acknowledge(), 0x24);
    pic.write_byte(0x20, 0x20);
    EXPECT_FALSE(pin.level);
}

TEST_F(Pic_test, HigherPriorityNests)
{
    pulse(4);
    EXPECT_EQ(pic.acknowledge(), 0x24);
    pulse(0);
    EXPECT_TRUE(pin.level);
    EXPECT_EQ(pic.acknowledge(), 0x20);
    pic.write_byte(0x20, 0x0b); // read ISR
    EXPECT_EQ(pic.read_byte(0x20), 0x11);
    pic.write_byte(0x20, 0x60); // specific end of 0
    EXPECT_EQ(pic.read_byte(0x20), 0x10);
    pic.write_byte(0x20, 0x0a);
    EXPECT_EQ(pic.read_byte(0x20), 0);
}

TEST_F(Pic_test, Cascades)
{
    pulse(8);
    EXPECT_TRUE(pin.level);
    EXPECT_EQ(pic.acknowledge(), 0x28);
    pulse(14);
    EXPECT_FALSE(pin.level);
    pic.write_byte(0xa0, 0x20);
    EXPECT_FALSE(pin.level); // the master still serves its input 2
    pic.write_byte(0x20, 0x20);
    EXPECT_TRUE(pin.level);
    EXPECT_EQ(pic.acknowledge(), 0x2e);
    pic.write_byte(0xa0, 0x20);
    pic.write_byte(0x20, 0x20);
    EXPECT_FALSE(pin.level);
}

TEST_F(Pic_test, MasksAndAnswersSpuriously)
{
    pic.write_byte(0x21, 0xff);
    EXPECT_EQ(pic.read_byte(0x21), 0xff);
    pulse(3);
    EXPECT_EQ(last, Acceptance::nobody);
    EXPECT_FALSE(pin.level);
    pic.write_byte(0x21, 0xf7);
    EXPECT_TRUE(pin.level);
    pic.write_byte(0x21, 0xff);
    EXPECT_EQ(pic.acknowledge(), 0x27); // nobody asks any more
    pic.write_byte(0x20, 0x0b);
    EXPECT_EQ(pic.read_byte(0x20), 0);
}

TEST_F(Pic_test, SlaveAnswersSpuriously)
{
    pic.set_input(9, true);
    pic.write_byte(0xa1, 0xff);
    EXPECT_FALSE(pin.level);
}

TEST_F(Pic_test, LevelInputsAskUntilTheyFall)
{
    pic.write_byte(0x4d1, 0xff);
    EXPECT_EQ(pic.read_byte(0x4d1), 0xde); // 8 and 13 cannot
    pic.write_byte(0x4d0, 0xff);
    EXPECT_EQ(pic.read_byte(0x4d0), 0xf8);
    pic.set_input(9, true);
    EXPECT_EQ(pic.acknowledge(), 0x29);
    pic.write_byte(0xa0, 0x20);
    pic.write_byte(0x20, 0x20);
    EXPECT_TRUE(pin.level);
    pic.set_input(9, false);
    EXPECT_FALSE(pin.level);
}

TEST_F(Pic_test, EndsAutomatically)
{
    initialise(0x20, 0x21, 0x20, 4, 3);
    pulse(5);
    EXPECT_EQ(pic.acknowledge(), 0x25);
    pulse(5);
    EXPECT_TRUE(pin.level);
    EXPECT_EQ(pic.acknowledge(), 0x25);
    pic.write_byte(0x20, 0x0b);
    EXPECT_EQ(pic.read_byte(0x20), 0);
}

TEST_F(Pic_test, Rotates)
{
    pic.write_byte(0x20, 0xc3); // 3 is lowest: 4 comes first
    pulse(1);
    pulse(4);
    EXPECT_EQ(pic.acknowledge(), 0x24);
    pic.write_byte(0x20, 0xa0); // end and rotate: 4 is lowest now
    EXPECT_EQ(pic.acknowledge(), 0x21);
    pulse(5);
    EXPECT_TRUE(pin.level); // 5 is before 1
}

TEST_F(Pic_test, SpecialMaskLetsOthersIn)
{
    pulse(1);
    EXPECT_EQ(pic.acknowledge(), 0x21);
    pulse(6);
    EXPECT_FALSE(pin.level);
    pic.write_byte(0x21, 0x02);
    EXPECT_FALSE(pin.level);
    pic.write_byte(0x20, 0x68);
    EXPECT_TRUE(pin.level);
    EXPECT_EQ(pic.acknowledge(), 0x26);
    pic.write_byte(0x20, 0x48);
    EXPECT_FALSE(pin.level);
}

TEST_F(Pic_test, Polls)
{
    pulse(2 + 1);
    pic.write_byte(0x20, 0x0c);
    EXPECT_EQ(pic.read_byte(0x20), 0x83);
    pic.write_byte(0x20, 0x0c);
    EXPECT_EQ(pic.read_byte(0x20), 0);
}

TEST_F(Pic_test, IsSilentBeforeItsInitialisation)
{
    pic.reset();
    pulse(0);
    EXPECT_EQ(last, Acceptance::nobody);
    EXPECT_FALSE(pin.level);
}

TEST_F(Pic_test, SurvivesGarbage)
{
    Garbage garbage(2);
    static constexpr std::array<std::uint16_t, 8> ports{0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x22, 0xffff};
    for (unsigned i = 0; i < 500'000; ++i)
    {
        auto const port = ports[garbage.below(ports.size())];
        switch (garbage.below(4))
        {
        case 0:
            pic.read_byte(port);
            break;
        case 1:
            pic.set_input(static_cast<unsigned>(garbage.below(20)), garbage.below(2));
            break;
        case 2:
            pic.acknowledge();
            break;
        default:
            pic.write_byte(port, static_cast<std::uint8_t>(garbage.number()));
            break;
        }
        ASSERT_EQ(pin.level, pic.asserts());
    }
}

} // namespace ovm::interface::test
