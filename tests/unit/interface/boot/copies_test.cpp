#include "interface/boot/copies.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "interface/boot/guest_fixture.hpp"

namespace ovm::interface::test
{
namespace
{

class Copies_test : public Guest
{
protected:
    static std::vector<std::uint8_t> counting(std::size_t size)
    {
        std::vector<std::uint8_t> bytes(size);
        for (std::size_t i = 0; i < size; ++i)
            bytes[i] = static_cast<std::uint8_t>(i * 7 + 1);
        return bytes;
    }
};

TEST_F(Copies_test, NoSliceCopiesMoreThanItsBudget)
{
    auto const file = counting(10'000);
    Copies copies(*memory_);
    ASSERT_TRUE(copies.add(Guest_physical{0x10'0100}, Bytes{10'000}, file));
    for (std::size_t done = 0; done < 10'000; done += 1'000)
    {
        EXPECT_EQ(load(0x10'0100 + done, 1), 0u) << done;
        auto const all = copies.copy_some(Bytes{1'000});
        ASSERT_TRUE(all.has_value());
        EXPECT_EQ(*all, done == 9'000) << done;
        EXPECT_EQ(load(0x10'0100 + done + 999, 1), file[done + 999]) << done;
    }
    EXPECT_EQ(read(0x10'0100, file.size()), file);
}

TEST_F(Copies_test, ZerosFollowTheContentWhateverLayThere)
{
    ASSERT_TRUE(memory_->write(Guest_physical{0x20'0000}, std::vector<std::uint8_t>(9'000, 0xaa)));
    auto const file = counting(100);
    Copies copies(*memory_);
    ASSERT_TRUE(copies.add(Guest_physical{0x20'0000}, Bytes{8'192}, file));
    while (!copies.copy_some(Bytes{777}).value())
        continue;
    auto expected = file;
    expected.resize(8'192);
    expected.resize(9'000, 0xaa);
    EXPECT_EQ(read(0x20'0000, 9'000), expected);
}

TEST_F(Copies_test, LaterPiecesLieAboveEarlierOnes)
{
    auto const first = std::vector<std::uint8_t>(4'096, 1);
    auto const second = std::vector<std::uint8_t>(16, 2);
    Copies copies(*memory_);
    ASSERT_TRUE(copies.add(Guest_physical{0x20'0000}, Bytes{4'096}, first));
    ASSERT_TRUE(copies.add(Guest_physical{0x20'0008}, Bytes{16}, second));
    ASSERT_TRUE(copies.add(Guest_physical{0x30'0000}, Bytes{0}, {}));
    EXPECT_TRUE(copies.copy_some(Bytes{1 << 20}).value());
    EXPECT_EQ(load(0x20'0007, 2), 0x0201u);
    EXPECT_EQ(load(0x20'0017, 2), 0x0102u);
}

TEST_F(Copies_test, MoreThanItHoldsIsRefused)
{
    Copies copies(*memory_);
    for (std::size_t i = 0; i < Copies::most; ++i)
        ASSERT_TRUE(copies.add(Guest_physical{0x20'0000}, Bytes{1}, {}));
    EXPECT_EQ(copies.add(Guest_physical{0x20'0000}, Bytes{1}, {}).error(), Error::full);
}

} // namespace
} // namespace ovm::interface::test
