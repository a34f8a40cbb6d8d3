#include "compiler/courier/courier.hpp"

#include <gtest/gtest.h>
#include <random>

namespace ovm::compiler::courier
{
namespace
{

using Bytes = std::vector<std::uint8_t>;

/// A machine that takes files, and loses what it is told to.
class Machine final : public Line
{
public:
    bool send(std::span<const std::uint8_t> bytes) override
    {
        if (gone)
            return false;
        ++requests;
        if (random() % 100 < loses)
            return true;
        auto const number = [bytes](std::size_t at)
        { return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24; };
        EXPECT_EQ(bytes[0], 0xa5);
        EXPECT_EQ(bytes.size(), bytes[3] + 5u);
        file = number(4);
        auto const rest = bytes.subspan(12, bytes.size() - 13);
        if (bytes[1] == 'F')
        {
            name.assign(rest.begin(), rest.end());
            size = static_cast<std::size_t>(number(8));
            content.clear();
        }
        if (bytes[1] == 'D' && static_cast<std::size_t>(number(8)) == content.size())
            content.insert(content.end(), rest.begin(), rest.end());
        if (content.size() < size)
            answer('g', content.size(), "");
        else if (bytes[1] == 'S')
            answer(verdict, 0, "a line");
        else
            answer('r', content.size(), "");
        return true;
    }
    std::expected<std::span<const std::uint8_t>, std::monostate> receive(std::chrono::milliseconds) override
    {
        if (gone)
            return std::unexpected(std::monostate{});
        given = std::exchange(waiting, {});
        return given;
    }
    void answer(char state, std::size_t received, std::string_view line, int offset = 0)
    {
        if (random() % 100 < loses)
            return;
        Bytes record{0xa5, 'T', 0, static_cast<std::uint8_t>(9 + line.size()), static_cast<std::uint8_t>(state)};
        for (auto const value : {static_cast<std::uint32_t>(file + offset), static_cast<std::uint32_t>(received)})
        {
            for (unsigned shift = 0; shift < 32; shift += 8)
                record.push_back(static_cast<std::uint8_t>(value >> shift));
        }
        record.insert(record.end(), line.begin(), line.end());
        std::uint8_t sum = 0;
        for (auto const byte : std::span(record).subspan(1))
            sum ^= byte;
        record.push_back(sum);
        waiting.insert(waiting.end(), record.begin(), record.end());
    }

    unsigned loses = 0; ///< of a hundred records, each way
    bool gone = false;
    char verdict = 'd';
    std::string name{};
    std::size_t size = 1;
    Bytes content{};
    unsigned requests = 0;
    int file = 0;
    Bytes waiting{};
    Bytes given{};
    std::minstd_rand random{7};
};

constexpr Patience hasty{std::chrono::milliseconds(1), 40};

std::expected<Delivered, Problem> deliver(Machine& machine, const Bytes& file)
{
    return courier::deliver(machine, "a.omod", file, 5, hasty, [](std::size_t, std::size_t) {});
}

Bytes some_file(std::size_t size)
{
    Bytes file(size);
    std::minstd_rand random(1);
    for (auto& byte : file)
        byte = static_cast<std::uint8_t>(random() >> 4);
    return file;
}

TEST(Courier, BringsAFile)
{
    Machine machine;
    auto const file = some_file(10'000);
    auto const delivered = deliver(machine, file);
    ASSERT_TRUE(delivered.has_value());
    EXPECT_TRUE(delivered->good);
    EXPECT_EQ(delivered->line, "a line");
    EXPECT_EQ(machine.content, file);
    EXPECT_EQ(machine.name, "a.omod");
}

TEST(Courier, TellsARefusal)
{
    Machine machine;
    machine.verdict = 'x';
    auto const delivered = deliver(machine, some_file(100));
    ASSERT_TRUE(delivered.has_value());
    EXPECT_FALSE(delivered->good);
}

TEST(Courier, BringsItOverALineThatLosesEveryThirdRecord)
{
    Machine machine;
    machine.loses = 30;
    auto const file = some_file(5'000);
    auto const delivered = deliver(machine, file);
    ASSERT_TRUE(delivered.has_value()) << delivered.error().what;
    EXPECT_EQ(machine.content, file);
}

TEST(Courier, GivesUpOnAMachineThatIsGoneOrSilent)
{
    Machine machine;
    machine.loses = 100;
    EXPECT_EQ(deliver(machine, some_file(100)).error().what, "the machine does not answer");
    EXPECT_EQ(machine.requests, hasty.tries);
    machine.gone = true;
    EXPECT_EQ(deliver(machine, some_file(100)).error().what, "the machine ended");
}

TEST(Courier, HearsOnlyItsOwnAnswers)
{
    Machine machine;
    machine.answer('x', 0, "of another file", 77);
    auto const delivered = deliver(machine, some_file(100));
    ASSERT_TRUE(delivered.has_value());
    EXPECT_TRUE(delivered->good);
}

TEST(Courier, DoesNotUnderstandAnotherVersion)
{
    Machine machine;
    machine.verdict = '?';
    EXPECT_EQ(deliver(machine, some_file(100)).error().what, "the machine answers what nobody understands");
}

TEST(Courier, SaysThatNobodyListens)
{
    EXPECT_FALSE(connect("/nonexistent/socket").has_value());
    EXPECT_FALSE(connect(std::string(200, 'a')).has_value());
}

} // namespace
} // namespace ovm::compiler::courier
