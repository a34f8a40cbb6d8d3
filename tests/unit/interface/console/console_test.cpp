#include <algorithm>

#include "interface/console/console_fixture.hpp"

namespace ovm::interface::test
{

namespace
{

bool holds(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

} // namespace

TEST_F(Console_test, TheFirstGuestHasTheFocusAndTheOthersAreKept)
{
    begin(true, {"one", "two"});
    EXPECT_EQ(print(1, "hello"), 5u);
    EXPECT_EQ(print(2, "unseen"), 6u);
    EXPECT_EQ(person.take(), "hello");
    EXPECT_EQ(program.take(), "") << "a person's guests print no records";
}

TEST_F(Console_test, ADigitTurnsToAGuestAndRepeatsWhatItSaidLast)
{
    begin(true, {"one", "two"});
    print(2, "earlier");
    press("\x01"
          "2");
    EXPECT_EQ(person.take(), "\r\n[ovm] two\r\nearlier");
    print(2, " later");
    print(1, "unseen");
    EXPECT_EQ(person.take(), " later");
    press("\x01"
          "1");
    EXPECT_EQ(person.take(), "\r\n[ovm] one\r\nunseen");
}

TEST_F(Console_test, OnlyTheLastOutputIsRepeated)
{
    begin(true, {"one", "two"});
    print(2, std::string(1000, 'a') + std::string(2048, 'b'));
    press("\x01"
          "2");
    auto const text = person.take();
    EXPECT_EQ(text, "\r\n[ovm] two\r\n" + std::string(2048, 'b'));
}

TEST_F(Console_test, ZeroTurnsToTheLogWhichIsRepeatedToo)
{
    begin(true, {"one"});
    console->log_line("before");
    EXPECT_EQ(person.take(), "") << "a guest has the focus";
    press("\x01"
          "0");
    EXPECT_EQ(person.take(), "\r\n[ovm] OVM's log\r\nbefore\r\n");
    console->log_line("after");
    print(1, "unseen");
    EXPECT_EQ(person.take(), "ovm: after\r\n");
    press("vms\r");
    EXPECT_EQ(person.take(), "vms\r\n");
    EXPECT_EQ(owner.entered, std::vector<std::string>{"vms"});
}

TEST_F(Console_test, NextAndPreviousGoRoundThroughTheLog)
{
    begin(true, {"one", "two", "three"});
    auto const where = [&](std::string_view key)
    {
        press("\x01");
        press(key);
        return person.take();
    };
    EXPECT_EQ(where("n"), "\r\n[ovm] two\r\n");
    EXPECT_EQ(where("n"), "\r\n[ovm] three\r\n");
    EXPECT_EQ(where("n"), "\r\n[ovm] OVM's log\r\n");
    EXPECT_EQ(where("n"), "\r\n[ovm] one\r\n");
    EXPECT_EQ(where("p"), "\r\n[ovm] OVM's log\r\n");
    EXPECT_EQ(where("p"), "\r\n[ovm] three\r\n");
    EXPECT_EQ(where("p"), "\r\n[ovm] two\r\n");
}

TEST_F(Console_test, AGuestThatIsNotThereChangesNothing)
{
    begin(true, {"one"});
    press("\x01"
          "2");
    EXPECT_TRUE(holds(person.take(), "no such guest"));
    print(1, "still here");
    EXPECT_EQ(person.take(), "still here");
}

TEST_F(Console_test, KeysGoToTheGuestInFocusAlone)
{
    begin(true, {"one", "two"});
    Keyboard first, second;
    guests[0]->connect_input(first);
    guests[1]->connect_input(second);
    press("ab");
    press("\x01"
          "2");
    press("cd");
    EXPECT_EQ(first.keys, "ab");
    EXPECT_EQ(second.keys, "cd");
}

TEST_F(Console_test, TheEscapeKeyItselfIsSentByA)
{
    begin(true, {"one"});
    Keyboard keyboard;
    guests[0]->connect_input(keyboard);
    press("x\x01"
          "ay");
    EXPECT_EQ(keyboard.keys, "x\x01y");
    EXPECT_EQ(owner.stops, 0u);
}

TEST_F(Console_test, XStopsAndAnythingElseHelps)
{
    begin(true, {"one"});
    press("\x01?");
    settle();
    EXPECT_TRUE(holds(person.take(), "x stop"));
    press("\x01z");
    settle();
    EXPECT_TRUE(holds(person.take(), "x stop"));
    EXPECT_EQ(owner.stops, 0u);
    press("\x01x");
    EXPECT_EQ(owner.stops, 1u);
    EXPECT_TRUE(holds(person.take(), "stopping"));
}

TEST_F(Console_test, AProgramNeverReachesTheEscapeKey)
{
    begin(false, {"one"});
    Keyboard keyboard;
    guests[0]->connect_input(keyboard);
    press("\x01x");
    EXPECT_EQ(owner.stops, 0u);
    EXPECT_EQ(keyboard.keys, "");
}

TEST_F(Console_test, KeysThatTheGuestDoesNotTakeWaitForIt)
{
    begin(true, {"one"});
    Keyboard keyboard;
    keyboard.room = 2;
    guests[0]->connect_input(keyboard);
    press("abcd");
    EXPECT_EQ(keyboard.keys, "ab");
    keyboard.room = 1;
    EXPECT_TRUE(timers.fire());
    EXPECT_EQ(keyboard.keys, "abc");
    keyboard.room = 10;
    EXPECT_TRUE(timers.fire());
    EXPECT_EQ(keyboard.keys, "abcd");
    EXPECT_FALSE(timers.fire()) << "nothing is left to do";
    guests[0]->disconnect_input();
    press("lost");
    guests[0]->connect_input(keyboard);
    press("!");
    EXPECT_EQ(keyboard.keys, "abcd!");
}

TEST_F(Console_test, ABusyUartGetsItLaterInOrder)
{
    begin(true, {"one"});
    person.room = 3;
    EXPECT_EQ(print(1, "abcdef"), 6u);
    EXPECT_EQ(person.take(), "abc");
    person.room = 2;
    EXPECT_TRUE(timers.fire());
    EXPECT_EQ(person.take(), "de");
    settle();
    EXPECT_EQ(person.take(), "f");
}

TEST_F(Console_test, AFloodedLineRefusesTheGuestAndStillAnswersThePerson)
{
    begin(true, {"one", "two"});
    print(2, "two's prompt");
    person.room = 0;
    std::string const flood(100'000, '#');
    auto const sent = print(1, flood);
    EXPECT_LT(sent, flood.size()) << "bytes were taken that have no place";
    press("\x01"
          "2");
    console->announce("one: crashed");
    settle();
    auto const text = person.take();
    EXPECT_EQ(std::ranges::count(text, '#'), static_cast<std::ptrdiff_t>(sent)) << "a guest's byte is lost";
    EXPECT_TRUE(holds(text, "\r\n[ovm] two\r\ntwo's prompt"));
    EXPECT_TRUE(holds(text, "[ovm] one: crashed"));
    EXPECT_EQ(print(1, "more"), 4u);
}

TEST_F(Console_test, FromTheEndOnOutputIsRefusedSoThatTheLinesCanEmpty)
{
    for (bool const terminal : {true, false})
    {
        guests.clear();
        begin(terminal, {"one"});
        print(1, "last words");
        console->close();
        EXPECT_EQ(print(1, std::string(1000, '#')) / 1000, 0u);
        console->log_line("late");
        EXPECT_TRUE(console->drain());
        auto const said = terminal ? person.take() : program.take();
        EXPECT_TRUE(holds(said, "last words"));
        EXPECT_FALSE(holds(said, "#"));
        EXPECT_FALSE(holds(said, "late"));
    }
}

} // namespace ovm::interface::test
