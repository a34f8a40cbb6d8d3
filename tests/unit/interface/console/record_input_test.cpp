#include "interface/console/record_input.hpp"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace ovm::interface::test
{
namespace
{

std::string record(std::uint8_t type, std::string_view payload)
{
    std::string bytes{static_cast<char>(record_magic), static_cast<char>(type), 0, static_cast<char>(payload.size())};
    bytes += payload;
    char sum = 0;
    for (char const byte : bytes.substr(1))
        sum = static_cast<char>(sum ^ byte);
    return bytes + sum;
}

std::vector<std::string> read(std::string_view bytes)
{
    Record_input input;
    std::vector<std::string> found;
    for (char const byte : bytes)
    {
        if (auto const one = input.take(static_cast<std::uint8_t>(byte)))
            found.push_back(static_cast<char>(one->type) + std::string(one->payload.begin(), one->payload.end()));
    }
    return found;
}

TEST(Record_input, FindsRecordsBetweenOtherBytes)
{
    EXPECT_EQ(read("noise" + record('F', "one") + "\r\nmodule load x\r\n" + record('D', "") + record('S', "two")),
              (std::vector<std::string>{"Fone", "D", "Stwo"}));
    EXPECT_EQ(read(record('D', std::string(255, 'a'))), std::vector<std::string>{"D" + std::string(255, 'a')});
}

TEST(Record_input, DropsWhatIsDamaged)
{
    auto const whole = record('D', "payload");
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit)
    {
        auto damaged = whole;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
        EXPECT_TRUE(read(damaged).empty()) << bit;
        // At most one record later it is in step again.
        EXPECT_FALSE(read(damaged + std::string(260, 'x') + whole).empty()) << bit;
    }
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_TRUE(read(whole.substr(0, size)).empty());
}

TEST(Record_input, SurvivesAnyBytes)
{
    std::minstd_rand random(3);
    Record_input input;
    for (int i = 0; i < 1'000'000; ++i)
    {
        auto const record =
            input.take(random() % 5 == 0 ? record_magic : static_cast<std::uint8_t>(random() % 16 == 0 ? random() : 0));
        if (record)
            EXPECT_LE(record->payload.size(), record_payload_max);
    }
}

} // namespace
} // namespace ovm::interface::test
