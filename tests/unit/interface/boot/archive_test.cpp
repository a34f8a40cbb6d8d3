#include <format>
#include <numeric>

#include "guest_fixture.hpp"
#include "interface/boot/archive.hpp"

namespace
{

using namespace ovm;
using namespace ovm::interface;
using namespace ovm::interface::test;

void add(std::vector<std::uint8_t>& archive, std::string_view name, std::span<const std::uint8_t> content)
{
    std::uint32_t const sum = std::accumulate(content.begin(), content.end(), 0u);
    auto header = std::string("070702");
    for (std::uint64_t const value :
         {std::uint64_t{1}, std::uint64_t{0100644}, std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{1},
          std::uint64_t{0}, content.size(), std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{0},
          name.size() + 1, std::uint64_t{sum}})
        header += std::format("{:08x}", value);
    archive.insert(archive.end(), header.begin(), header.end());
    archive.insert(archive.end(), name.begin(), name.end());
    archive.push_back(0);
    archive.resize((archive.size() + 3) / 4 * 4);
    archive.insert(archive.end(), content.begin(), content.end());
    archive.resize((archive.size() + 3) / 4 * 4);
}

std::vector<std::uint8_t> contents(std::size_t size)
{
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::uint8_t>(i * 31 + 7);
    return bytes;
}

std::vector<std::uint8_t> make_archive()
{
    std::vector<std::uint8_t> archive;
    add(archive, "machine.conf", contents(77));
    add(archive, "guests/one/kernel", contents(1001));
    add(archive, "empty", {});
    add(archive, "TRAILER!!!", {});
    return archive;
}

TEST(Archive, FilesAreFoundByName)
{
    auto const bytes = make_archive();
    Archive const archive(bytes);
    for (auto const& [name, size] : {std::pair{"machine.conf", 77u}, {"guests/one/kernel", 1001u}, {"empty", 0u}})
    {
        auto const entry = archive.find(name);
        ASSERT_TRUE(entry) << name;
        EXPECT_EQ(entry->name, name);
        EXPECT_EQ(exact(entry->content), contents(size));
    }
    EXPECT_EQ(archive.find("guests/one").error(), Error::not_found);
    EXPECT_EQ(archive.find("").error(), Error::not_found);
    EXPECT_EQ(archive.find("TRAILER!!!").error(), Error::not_found);
}

TEST(Archive, TheSumIsRightForEveryLength)
{
    for (std::size_t size : {0u, 1u, 7u, 8u, 9u, 63u, 64u, 65u, 1023u, 4096u, 70001u, 300000u})
    {
        auto const ramp = contents(size);
        EXPECT_EQ(byte_sum(ramp), std::accumulate(ramp.begin(), ramp.end(), 0u)) << size;
        std::vector<std::uint8_t> const full(size, 0xff);
        EXPECT_EQ(byte_sum(full), size * 0xff) << size;
    }
}

TEST(Archive, EveryTruncationIsAnError)
{
    auto const whole = make_archive();
    for (std::size_t size = 0; size < whole.size(); ++size)
    {
        auto const bytes = exact(std::span(whole).first(size));
        auto const missing = Archive(bytes).find("no such file");
        ASSERT_FALSE(missing) << size;
        if (missing.error() == Error::not_found)
            ASSERT_GE(size, whole.size() - 4) << "only the trailer's padding may be missing";
        auto const kernel = Archive(bytes).find("guests/one/kernel");
        if (kernel)
            ASSERT_EQ(exact(kernel->content), contents(1001));
    }
}

TEST(Archive, EveryFlippedContentBitIsNoticed)
{
    auto bytes = make_archive();
    auto const kernel = Archive(bytes).find("guests/one/kernel")->content;
    auto const at = static_cast<std::size_t>(kernel.data() - bytes.data());
    for (std::size_t i = 0; i < kernel.size(); ++i)
    {
        auto const flip = static_cast<std::uint8_t>(1u << (i % 8));
        bytes[at + i] ^= flip;
        ASSERT_EQ(Archive(bytes).find("guests/one/kernel").error(), Error::corrupt) << i;
        ASSERT_TRUE(Archive(bytes).find("machine.conf"));
        bytes[at + i] ^= flip;
    }
}

TEST(Archive, MutationsNeverLeadOutOfTheBytes)
{
    auto const whole = make_archive();
    Seeded random(5);
    constexpr std::string_view digits = "0123456789abcdefABCDEFgx\xff";
    for (int round = 0; round < 20000; ++round)
    {
        auto copy = exact(whole);
        for (auto changes = 1 + random.below(8); changes > 0; --changes)
            copy[random.below(copy.size())] = static_cast<std::uint8_t>(digits[random.below(digits.size())]);
        for (auto const name : {"machine.conf", "guests/one/kernel", "absent"})
        {
            auto const entry = Archive(copy).find(name);
            if (entry)
            {
                ASSERT_EQ(byte_sum(entry->content), entry->checksum);
                ASSERT_LE(entry->content.size(), copy.size());
            }
        }
    }
}

TEST(Archive, LargestSizesDoNotWrap)
{
    for (std::size_t const field : {54u, 94u})
    {
        auto bytes = make_archive();
        for (std::size_t i = 0; i < 8; ++i)
            bytes[field + i] = 'f';
        EXPECT_EQ(Archive(bytes).find("absent").error(), Error::truncated);
    }
}

} // namespace
