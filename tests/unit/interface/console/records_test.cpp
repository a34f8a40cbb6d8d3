#include <algorithm>

#include "interface/console/console_fixture.hpp"
#include "interface/console/crash_report.hpp"

namespace ovm::interface::test
{

namespace
{

const Record_read* find(const std::vector<Record_read>& all, Record_type type)
{
    auto const found = std::ranges::find(all, type, &Record_read::type);
    return found == all.end() ? nullptr : &*found;
}

/// All that guests printed, in one piece.
std::string output_of(const std::vector<Record_read>& all, unsigned vm)
{
    std::string text;
    for (auto const& record : all)
    {
        if (record.type == Record_type::output && record.vm == vm)
            text += record.payload;
    }
    return text;
}

} // namespace

TEST_F(Console_test, AProgramLearnsOfEachVm)
{
    begin(false, {});
    Guest_terminal terminal(*console, Vm_id(7), "seven");
    EXPECT_TRUE(console->attach(terminal));
    EXPECT_EQ(records(program.take()), (std::vector{Record_read{Record_type::vm, 7, "seven"}}));
    Guest_terminal beyond(*console, Vm_id(257), "beyond");
    EXPECT_EQ(console->attach(beyond).error(), Error::full);
}

TEST_F(Console_test, ALineOfOutputIsARecord)
{
    begin(false, {"one", "two"});
    print(1, "first line\nsecond");
    print(2, "other\n");
    EXPECT_EQ(records(program.take()), (std::vector{Record_read{Record_type::output, 1, "first line\n"},
                                                    Record_read{Record_type::output, 2, "other\n"}}));
    EXPECT_TRUE(timers.fire()) << "half a line goes out soon";
    EXPECT_EQ(records(program.take()), (std::vector{Record_read{Record_type::output, 1, "second"}}));
    EXPECT_FALSE(timers.fire());
    EXPECT_EQ(person.take(), "");
}

TEST_F(Console_test, OutputOfAnyLengthArrivesWhole)
{
    begin(false, {"one"});
    std::string text;
    for (int i = 0; i < 3000; ++i)
        text += static_cast<char>(i * 7);
    EXPECT_EQ(print(1, text), text.size());
    settle();
    EXPECT_EQ(output_of(records(program.take()), 1), text);
}

TEST_F(Console_test, WhatMustArriveEndsUpBehindOutputThatWaits)
{
    begin(false, {"one"});
    print(1, "tail");
    console->flush(Vm_id(1));
    console->record(Record_type::ended, Vm_id(1), "why");
    EXPECT_EQ(records(program.take()),
              (std::vector{Record_read{Record_type::output, 1, "tail"}, Record_read{Record_type::ended, 1, "why"}}));
}

/// The UART was busy when the line went into the ring, and nobody says anything more.
TEST_F(Console_test, ALineInARingBeforeABusyUartIsNotForgotten)
{
    begin(false, {"one"});
    program.room = 0;
    print(1, "stuck?\n");
    EXPECT_NE(timers.armed, nullptr);
    settle();
    EXPECT_EQ(output_of(records(program.take()), 1), "stuck?\n");
}

TEST_F(Console_test, AFloodCostsNoRecordThatMustArrive)
{
    begin(false, {"one", "two"});
    program.room = 0;
    std::string const flood(200'000, '#');
    auto const sent = print(1, flood);
    EXPECT_LT(sent, flood.size());
    for (int i = 0; i < 1000; ++i)
        console->log_line("a log line that floods as well");
    for (int i = 0; i < 500; ++i)
        console->record(Record_type::guest_stop, Vm_id(1), "rip 0x0000000000000000 and more of the kind");
    console->record(Record_type::restarted, Vm_id(2), std::string_view{});
    console->record(Record_type::vm, Vm_id(2), "two");
    for (unsigned vm = 1; vm <= 255; ++vm)
        console->record(Record_type::ended, Vm_id(vm), "12345the processor refuses its state");
    console->record(Record_type::finished, Vm_id(0), "3");
    settle();
    auto const all = records(program.take());
    EXPECT_EQ(output_of(all, 1), flood.substr(0, sent)) << "a guest's byte is lost";
    EXPECT_NE(find(all, Record_type::restarted), nullptr);
    EXPECT_NE(find(all, Record_type::vm), nullptr);
    EXPECT_EQ(std::ranges::count(all, Record_type::ended, &Record_read::type), 255);
    EXPECT_GT(std::ranges::count(all, Record_type::guest_stop, &Record_read::type), 0);
    EXPECT_NE(find(all, Record_type::finished), nullptr);
}

TEST_F(Console_test, AtTheEndAFullLineCostsNoByteThatWasTaken)
{
    begin(false, {"one"});
    program.room = 0;
    std::string text;
    for (int i = 0; i < 20'000; ++i)
        text += static_cast<char>('a' + i % 26);
    auto const sent = print(1, text);
    EXPECT_LT(sent, text.size());
    console->close();
    program.room = Slow_port::endless;
    while (!console->drain())
        continue;
    console->close();
    console->record(Record_type::finished, Vm_id(0), "0");
    while (!console->drain())
        continue;
    auto const all = records(program.take());
    EXPECT_EQ(output_of(all, 1), text.substr(0, sent));
    EXPECT_EQ(all.back().type, Record_type::finished);
    EXPECT_EQ(print(1, "more"), 0u);
}

TEST_F(Console_test, WithoutRecordsNothingIsSentOnTheSecondLine)
{
    console.emplace(person, program, timers, owner, Console_options{true, false, 1});
    console->record(Record_type::up, Vm_id(0), "OVM");
    console->log_line("a line");
    console->announce("news");
    EXPECT_EQ(program.take(), "");
    EXPECT_EQ(person.take(), "ovm: a line\r\n\r\n[ovm] news\r\n");
}

TEST(Serial_line, KeepsRoomBackByKind)
{
    using Keep = Serial_line::Keep;
    arch::hosted::reset(1);
    Slow_port port;
    port.room = 0;
    Serial_line line(port);
    std::vector<std::uint8_t> const block(1024);
    auto const fill = [&](Keep keep)
    {
        unsigned blocks = 0;
        while (line.accept(block, {}, keep))
            ++blocks;
        return blocks;
    };
    EXPECT_EQ(fill(Keep::most), 8u);
    EXPECT_EQ(fill(Keep::half), 8u);
    EXPECT_EQ(fill(Keep::most), 0u);
    EXPECT_EQ(fill(Keep::nothing), 16u);
    EXPECT_FALSE(line.drain());
    port.room = Slow_port::endless;
    while (!line.drain())
        continue;
    EXPECT_EQ(port.take().size(), 32u * 1024);
}

/// Or else the crossing of whoever comes next lasted as long as all that others have left.
TEST(Serial_line, GivesALittleAtOnceToAUartThatIsNeverBusy)
{
    arch::hosted::reset(1);
    Slow_port port;
    port.room = 0;
    Serial_line line(port);
    std::vector<std::uint8_t> const block(1024);
    EXPECT_TRUE(line.accept(block, {}, Serial_line::Keep::nothing));
    port.room = Slow_port::endless;
    EXPECT_FALSE(line.drain());
    EXPECT_LE(port.take().size(), 64u);
    EXPECT_TRUE(line.accept(std::span(block).first(1), {}, Serial_line::Keep::nothing));
    EXPECT_LE(port.take().size(), 128u);
}

TEST(Crash_report, SendsLinesAndThenThatOvmIsGone)
{
    arch::hosted::reset(1);
    Slow_port port;
    Crash_report report(port);
    report.crash_line("OVM CRASH on core 1");
    report.crash_line(std::string(300, 'x'));
    report.crash_done();
    EXPECT_EQ(records(port.take()), (std::vector{Record_read{Record_type::crash, 0, "OVM CRASH on core 1"},
                                                 Record_read{Record_type::crash, 0, std::string(255, 'x')},
                                                 Record_read{Record_type::finished, 0, "\x04"}}));
}

TEST(Crash_report, AUartThatHangsDoesNotHoldItUp)
{
    arch::hosted::reset(1);
    Slow_port port;
    port.room = 0;
    Crash_report report(port);
    report.crash_line("x");
    EXPECT_EQ(port.take(), "");
}

} // namespace ovm::interface::test
