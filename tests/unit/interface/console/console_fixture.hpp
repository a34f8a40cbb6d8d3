#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "interface/console/console.hpp"

namespace ovm::interface::test
{

/// A UART that takes as many bytes as the test has allowed it.
class Slow_port final : public Serial_port
{
public:
    bool try_write(std::uint8_t byte) override
    {
        if (room == 0)
            return false;
        --room;
        sent.push_back(static_cast<char>(byte));
        return true;
    }
    std::string take() { return std::exchange(sent, {}); }

    static constexpr std::size_t endless = ~std::size_t{0};
    std::size_t room = endless;
    std::string sent{};
};

/// A clock that stands still, and the one timer that the console has.
class Console_timer final : public processor::Timer_service
{
public:
    Ticks now() const override { return Ticks(1000); }
    void arm(processor::Timer& timer, Ticks) override { armed = &timer; }
    void cancel(processor::Timer&) override { armed = nullptr; }
    void retire(processor::Timer&) override { armed = nullptr; }
    /// Lets it fire if it is armed; answers whether it was.
    bool fire()
    {
        auto* const timer = std::exchange(armed, nullptr);
        if (timer != nullptr)
            timer->fired(now());
        return timer != nullptr;
    }

    processor::Timer* armed = nullptr;
};

struct Owner final : Console_owner
{
    void stop_requested() override { ++stops; }
    void command_entered(std::string_view line) override { entered.emplace_back(line); }

    std::vector<std::string> entered{};
    unsigned stops = 0;
};

/// A guest's serial port: takes as many keys as the test allows.
struct Keyboard final : Byte_sink
{
    bool put(std::uint8_t byte) override
    {
        if (room == 0)
            return false;
        --room;
        keys.push_back(static_cast<char>(byte));
        return true;
    }
    std::size_t room = Slow_port::endless;
    std::string keys{};
};

struct Record_read
{
    Record_type type{};
    unsigned vm = 0;
    std::string payload{};
    bool operator==(const Record_read&) const = default;
};

/// The records in what a line sent, which must hold nothing else.
inline std::vector<Record_read> records(std::string_view bytes)
{
    std::vector<Record_read> found;
    auto const number = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
    while (!bytes.empty())
    {
        if (bytes.size() < record_head_size + 1 || number(0) != record_magic ||
            bytes.size() < record_head_size + number(3) + 1u)
        {
            ADD_FAILURE() << bytes.size() << " bytes are no record";
            return found;
        }
        std::uint8_t sum = 0;
        auto const size = record_head_size + number(3);
        for (std::size_t i = 1; i < size; ++i)
            sum = static_cast<std::uint8_t>(sum ^ number(i));
        EXPECT_EQ(sum, number(size)) << "the checksum is wrong";
        found.push_back(
            {static_cast<Record_type>(number(1)), number(2), std::string(bytes.substr(record_head_size, number(3)))});
        bytes.remove_prefix(size + 1);
    }
    return found;
}

class Console_test : public testing::Test
{
protected:
    Console_test() { arch::hosted::reset(1); }

    /// A console for a person, or for a program (`terminal` false), with guests of these names.
    void begin(bool terminal, std::initializer_list<std::string_view> names)
    {
        console.emplace(person, program, timers, owner, Console_options{terminal, true, 1});
        std::uint32_t number = 0;
        for (auto const name : names)
        {
            guests.push_back(std::make_unique<Guest_terminal>(*console, Vm_id(++number), name));
            EXPECT_TRUE(console->attach(*guests.back()));
        }
        person.take();
        program.take();
    }
    /// Answers how many bytes of it the guest could send.
    std::size_t print(std::size_t guest, std::string_view text)
    {
        std::size_t sent = 0;
        while (sent < text.size() && guests[guest - 1]->put(static_cast<std::uint8_t>(text[sent])))
            ++sent;
        return sent;
    }
    void press(std::string_view keys)
    {
        for (char const key : keys)
            console->receive(static_cast<std::uint8_t>(key));
    }
    /// Fires the console's timer until it is content; the UARTs take all now.
    void settle()
    {
        person.room = program.room = Slow_port::endless;
        for (unsigned i = 0; timers.fire(); ++i)
            ASSERT_LT(i, 1000u) << "the console never becomes content";
    }

    Slow_port person, program;
    Console_timer timers;
    Owner owner;
    std::optional<Console> console;
    std::vector<std::unique_ptr<Guest_terminal>> guests;
};

} // namespace ovm::interface::test
