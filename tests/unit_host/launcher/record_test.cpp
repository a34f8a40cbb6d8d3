#include <gtest/gtest.h>

#include "launcher/fixtures.hpp"
#include "launcher/session/record_reader.hpp"
#include "launcher/session/verdict.hpp"
#include "launcher/session/view.hpp"

namespace ovm::launcher
{

namespace
{

struct Heard
{
    Record_type type;
    unsigned vm;
    std::string payload;
    bool operator==(const Heard&) const = default;
};

std::vector<Heard> hear(std::string_view bytes, std::size_t step)
{
    Record_reader reader;
    std::vector<Heard> heard;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size())))
        reader.feed(std::as_bytes(std::span(bytes.substr(0, step))), [&](const Record& record)
                    { heard.push_back({record.type, record.vm, std::string(record.payload)}); });
    return heard;
}

std::string ended(End_reason reason, unsigned value, std::string_view detail = "")
{
    std::string payload{static_cast<char>(reason)};
    for (unsigned i = 0; i < 4; ++i)
        payload += static_cast<char>(value >> (8 * i));
    return payload += detail;
}

int status_of(std::initializer_list<std::pair<Record_type, std::string>> records)
{
    Verdict verdict;
    for (auto const& [type, payload] : records)
        verdict.note({type, 1, payload});
    return verdict.status();
}

} // namespace

TEST(Record_reader, reads_records_however_they_are_cut)
{
    std::string const all(255, '\xa5');
    auto const bytes = make_record(Record_type::up, 0, "OVM") + make_record(Record_type::output, 7, all) +
                       make_record(Record_type::log, 0, "");
    std::vector<Heard> const expected{
        {Record_type::up, 0, "OVM"}, {Record_type::output, 7, all}, {Record_type::log, 0, ""}};
    for (std::size_t step = 1; step < 300; ++step)
        EXPECT_EQ(hear(bytes, step), expected) << step;
}

TEST(Record_reader, finds_its_place_again)
{
    auto broken = make_record(Record_type::output, 1, "broken");
    broken.back() ^= 1;
    auto const good = make_record(Record_type::output, 1, "good");
    std::vector<Heard> const expected{{Record_type::output, 1, "good"}};
    EXPECT_EQ(hear(broken + good, 1), expected);
    EXPECT_EQ(hear("noise" + good, 3), expected);
    EXPECT_EQ(hear("\xa5" + good, 3), expected);
    EXPECT_EQ(hear("\xa5\xa5z" + good, 3), expected);
    EXPECT_EQ(hear(broken.substr(0, 5) + good, 2).size(), 1u);
}

TEST(Record_reader, survives_any_bytes)
{
    unsigned state = 1;
    std::string bytes;
    constexpr std::string_view likely = "\xa5OELXBVCG\x01\x02\x03";
    for (int i = 0; i < 200'000; ++i)
    {
        state = state * 1664525 + 1013904223;
        bytes += (state >> 30) != 0 ? static_cast<char>(state >> 20) : likely[(state >> 8) % likely.size()];
    }
    auto const whole = hear(bytes, 100'000'000);
    EXPECT_EQ(hear(bytes, 1), whole);
    for (auto const& record : whole)
        static_cast<void>(read_end(record.payload));
}

TEST(Verdict, follows_the_gravest_word)
{
    std::string const good(1, '\0');
    EXPECT_EQ(status_of({{Record_type::ended, ended(End_reason::powered_off, 0)}, {Record_type::finished, good}}), 0);
    EXPECT_EQ(status_of({{Record_type::ended, ended(End_reason::halted, 0)}}), 0);
    EXPECT_EQ(status_of({{Record_type::ended, ended(End_reason::reset, 0)}}), 0);
    EXPECT_EQ(status_of({{Record_type::ended, ended(End_reason::debug_exit, 0)}, {Record_type::finished, good}}), 0);
    EXPECT_EQ(status_of({{Record_type::ended, ended(End_reason::debug_exit, 256)}, {Record_type::finished, good}}), 1);
    EXPECT_EQ(status_of({{Record_type::ended, ended(End_reason::crashed, 0)},
                         {Record_type::ended, ended(End_reason::debug_exit, 1)}}),
              3);
    EXPECT_EQ(status_of({{Record_type::ended, ended(End_reason::could_not_start, 0)}}), 3);
    EXPECT_EQ(status_of({{Record_type::ended, ""}}), 3);
    EXPECT_EQ(status_of({{Record_type::ended, ended(static_cast<End_reason>(77), 0)}}), 3);
    EXPECT_EQ(status_of({{Record_type::crash, "x"},
                         {Record_type::ended, ended(End_reason::crashed, 0)},
                         {Record_type::finished, good}}),
              4);
    for (char status = 0; status < 5; ++status)
        EXPECT_EQ(status_of({{Record_type::finished, std::string(1, status)}}), status);
    EXPECT_EQ(status_of({{Record_type::finished, ""}}), 4);
    EXPECT_EQ(status_of({{Record_type::finished, "\x63"}}), 4);
}

TEST(Headless_view, prefixes_whole_lines)
{
    Headless_view view({{"one", "two"}, std::nullopt, false});
    Outputs outputs;
    view.record({Record_type::output, 1, "a\r\nb"}, outputs);
    view.record({Record_type::output, 2, "x\n\n"}, outputs);
    view.record({Record_type::output, 1, "c\r\r\n"}, outputs);
    view.record({Record_type::log, 0, "log"}, outputs);
    view.record({Record_type::output, 2, "tail"}, outputs);
    view.record({Record_type::output, 9, "nobody\n"}, outputs);
    view.record({Record_type::ended, 1, ended(End_reason::debug_exit, 5)}, outputs);
    view.record({Record_type::ended, 2, ended(End_reason::crashed, 0, "triple fault")}, outputs);
    view.finish(false, outputs);
    EXPECT_EQ(outputs.out, "one: a\ntwo: x\ntwo: \none: bc\novm: log\none: wrote 5 to its debug-exit port\ntwo: "
                           "tail\ntwo: crashed: triple fault\n");
    EXPECT_EQ(outputs.error, "");
}

TEST(Headless_view, gives_one_guest_raw)
{
    Headless_view view({{"one", "two"}, 1, false});
    Outputs outputs;
    view.record({Record_type::output, 1, "not me\n"}, outputs);
    view.record({Record_type::output, 2, std::string_view("\r\0x", 3)}, outputs);
    view.record({Record_type::ended, 2, ended(End_reason::powered_off, 0)}, outputs);
    view.finish(false, outputs);
    EXPECT_EQ(outputs.out, std::string("\r\0x", 3));
    EXPECT_EQ(outputs.error, "two: powered off\n");
}

TEST(Headless_view, shows_the_first_line_only_where_records_do_not)
{
    Outputs outputs;
    Headless_view silent({{"one"}, std::nullopt, false});
    silent.console("ovm: early\r\n", outputs);
    EXPECT_EQ(outputs.out, "");
    silent.no_records(outputs);
    silent.console("ovm: later\r\n", outputs);
    EXPECT_EQ(outputs.out, "ovm: early\novm: later\n");

    outputs = {};
    Headless_view talking({{"one"}, std::nullopt, false});
    talking.console("ovm: early\r\n", outputs);
    talking.record({Record_type::log, 0, "early"}, outputs);
    talking.no_records(outputs);
    talking.record({Record_type::log, 0, "next"}, outputs);
    talking.console("ovm: next\r\n\r\novm: panic", outputs);
    EXPECT_EQ(outputs.out, "ovm: early\novm: next\n");
    talking.finish(true, outputs);
    EXPECT_EQ(outputs.out, "ovm: early\novm: next\novm: panic\n");
}

TEST(Headless_view, bounds_a_line_without_end)
{
    Outputs outputs;
    Headless_view view({{"one"}, std::nullopt, false});
    std::string const part(200, 'x');
    for (int i = 0; i < 1000; ++i)
        view.record({Record_type::output, 1, part}, outputs);
    EXPECT_GT(outputs.out.size(), 100'000u);
}

} // namespace ovm::launcher
