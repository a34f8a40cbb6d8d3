#include <gtest/gtest.h>
#include <unistd.h>

#include "launcher/description/console_script.hpp"
#include "launcher/description/text.hpp"
#include "launcher/fixtures.hpp"

namespace ovm::launcher
{

namespace
{

std::string played(const std::string& text)
{
    auto const result = parse_console_script(text, "s");
    return result ? *result : result.error().line();
}

constexpr const char* no_time =
    "' is no time; begin the line with seconds since OVM came up, as 2 or 0.5, or since the "
    "line before, as +0.5";

} // namespace

TEST(Console_script, becomes_nanoseconds_and_commands)
{
    EXPECT_EQ(played("0 vms\n"), "0 vms\n");
    EXPECT_EQ(played("0.5 vms"), "500000000 vms\n");
    EXPECT_EQ(played("1.000000001 swap scheduler fair slice=3ms\n2 stats\n"),
              "1000000001 swap scheduler fair slice=3ms\n2000000000 stats\n");
    EXPECT_EQ(played("+0.25 a\n+0.5 b\n1 c\n+0 d\n1 e\n"),
              "250000000 a\n750000000 b\n1000000000 c\n1000000000 d\n1000000000 e\n");
    EXPECT_EQ(played("100000000 a\n"), "100000000000000000 a\n");
}

TEST(Console_script, overlooks_comments_and_white_space)
{
    EXPECT_EQ(played("# first\n\n  \t\r\n  1 \t a  b\tc  # why\r\n#2 x\n   # end"), "1000000000 a b c\n");
    EXPECT_EQ(played("1 a#b\n"), "1000000000 a#b\n");
}

TEST(Console_script, names_the_line_of_each_mistake)
{
    EXPECT_EQ(played("# c\n\nvms\n"), std::string("s:3: 'vms") + no_time);
    for (std::string const time :
         {"-1", "+", "++1", "1s", "0x1", "1,5", ".5", "5.", "1.0000000001", "1e3", "99999999999999999999"})
        EXPECT_EQ(played("1 a\n" + time + " vms\n"), "s:2: '" + time + no_time);
    EXPECT_EQ(played("1\n"), "s:1: there is no command after the time; write TIME COMMAND, as '2.5 vms'");
    EXPECT_EQ(played("1 # vms\n"), "s:1: there is no command after the time; write TIME COMMAND, as '2.5 vms'");
    EXPECT_EQ(played("2 a\n\n1.5 b\n"), "s:3: time goes backwards: 1.5 comes after 2 in line 1; put the lines in order "
                                        "of time, or write +SECONDS");
    EXPECT_EQ(played("1.050 a\n+0.001 b\n1.05 c"), "s:3: time goes backwards: 1.05 comes after 1.051 in line 2; put "
                                                   "the lines in order of time, or write +SECONDS");
    EXPECT_EQ(played("1 a\x1b[2J\n"), "s:1: the command holds a control character; write it as plain text");
    EXPECT_EQ(played(std::string("1 a\0b\n", 6)), "s:1: the command holds a control character; write it as plain text");
    EXPECT_EQ(played("100000000.1 a\n"), "s:1: '100000000.1' is too late; give at most 100000000 seconds");
    EXPECT_EQ(played("1 a\n+100000000 b\n"), "s:2: '+100000000' is too late; give at most 100000000 seconds");
    EXPECT_EQ(played("\n# nothing\n"),
              "s: there is no command in the console script; write lines as '2.5 vms': a time and a command");
}

TEST(Console_script, takes_commands_of_200_bytes)
{
    std::string const longest(200, 'x');
    EXPECT_EQ(played("1 " + longest + "   # c\n"), "1000000000 " + longest + "\n");
    EXPECT_EQ(played("1 " + longest + "x\n"), "s:1: the command is 201 bytes long; shorten it to 200");
}

TEST(Console_script, what_it_makes_it_reads_as_lines_of_two_parts)
{
    constexpr std::string_view characters = "\n\n 01.5+# ab\t\r\xff";
    for (unsigned seed = 1; seed < 3000; ++seed)
    {
        std::string text;
        unsigned state = seed;
        for (int i = 0; i < 60; ++i)
        {
            state = state * 1103515245 + 12345;
            text += characters[(state >> 16) % characters.size()];
        }
        auto const result = parse_console_script(text, "s");
        if (!result)
            continue;
        std::uint64_t last = 0;
        for (std::string_view rest = *result; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
        {
            auto const line = rest.substr(0, rest.find('\n'));
            auto const time = parse_number(line.substr(0, line.find(' ')));
            ASSERT_TRUE(time) << seed;
            ASSERT_GE(*time, last) << seed;
            ASSERT_LT(line.find(' ') + 1, line.size()) << seed;
            last = *time;
        }
    }
}

TEST(Console_script, refuses_files_that_it_cannot_read)
{
    Test_folder const folder;
    auto const failure = [](const std::string& file)
    {
        auto const result = read_console_script(file);
        return result ? std::string("(no failure)") : result.error().line();
    };
    EXPECT_EQ(failure("/none"), "/none: there is no such console script; give --console-script the name of a file");
    EXPECT_EQ(failure("/"), "/: the console script is a folder; give --console-script the name of a file");
    auto const empty = folder.write("empty", "");
    EXPECT_EQ(failure(empty), empty + ": there is no command in the console script; write lines as '2.5 vms': a time "
                                      "and a command");
    EXPECT_EQ(failure("/dev/zero"), "/dev/zero: the console script is longer than 1M; shorten it");
    EXPECT_EQ(
        failure("/proc/self/mem"),
        "/proc/self/mem: the console script cannot be read: Input/output error; check the file and its permissions");
    auto const closed = folder.write("closed", "1 vms\n");
    run_program({"chmod", "0", closed});
    if (access(closed.c_str(), R_OK) != 0) // root reads everything
    {
        EXPECT_EQ(failure(closed),
                  closed +
                      ": the console script cannot be read: Permission denied; check the file and its permissions");
    }
    auto const good = folder.write("good", "1 vms\n");
    EXPECT_EQ(*read_console_script(good), "1000000000 vms\n");
}

} // namespace ovm::launcher
