#include <gtest/gtest.h>

#include "launcher/description/guest_option.hpp"
#include "launcher/description/kernel_file.hpp"
#include "launcher/description/machine.hpp"
#include "launcher/description/text.hpp"
#include "launcher/description/toml_file.hpp"
#include "launcher/description/toml_parser.hpp"
#include "launcher/fixtures.hpp"

namespace ovm::launcher
{

namespace
{

std::string toml_failure(const std::string& text)
{
    auto const result = parse_description(text, "m.toml", "/base");
    return result ? "(no failure)" : result.error().line();
}

std::string guest_failure(const std::string& text)
{
    auto const result = parse_guest_option(text, "--guest");
    return result ? "(no failure)" : result.error().line();
}

class Machine_test : public testing::Test
{
protected:
    Machine_test()
    {
        defaults.host.cores = 4;
        defaults.host.memory = 16 * gibibyte;
    }
    Checked<Machine> make(std::initializer_list<std::string> guests)
    {
        for (auto const& text : guests)
            request.guests.push_back(*parse_guest_option(text, "--guest"));
        return make_machine(request, defaults);
    }
    std::string failure(std::initializer_list<std::string> guests)
    {
        auto const result = make(guests);
        return result ? "(no failure)" : result.error().line();
    }

    Test_folder folder;
    std::string linux_kernel = folder.write("vmlinuz", make_bzimage());
    std::string multiboot_kernel = folder.write("multiboot", make_elf(true, false));
    std::string pvh_kernel = folder.write("pvh", make_elf(false, true));
    std::string small = folder.write("small", "small file");
    Machine_request request;
    Defaults defaults;
};

} // namespace

TEST(Toml, reads_a_description)
{
    auto const result = parse_description(R"([machine]
cores = 4
nodes = 2
memory = "2G"
on-reset = "end"
escape = "^B"
[[guest]]
name = "a"
kernel = "vmlinuz"
initrd = "/abs/initrd"
cmdline = "console=ttyS0 x=1,2"
vcpus = 2
memory = "512M"
boot = "linux"
debug-exit = 0xf4
population = "lazy"
weight = 200
budget = "5ms"
period = "0.02s"
latency = "500us"
[[guest]]
name = "b"
kernel = "mb"
memory = 268435456
modules = ["file text of it", "other"]
)",
                                          "m.toml", "/base");
    ASSERT_TRUE(result) << result.error().line();
    EXPECT_EQ(result->cores->value, 4u);
    EXPECT_EQ(result->nodes->value, 2u);
    EXPECT_EQ(result->memory->value, 2 * gibibyte);
    EXPECT_EQ(result->on_reset->value, On_reset::end);
    EXPECT_EQ(result->escape->value, 2u);
    ASSERT_EQ(result->guests.size(), 2u);
    auto const& a = result->guests[0];
    EXPECT_EQ(a.kernel->value, "/base/vmlinuz");
    EXPECT_EQ(a.kernel->where, "m.toml:9");
    EXPECT_EQ(a.initrd->value, "/abs/initrd");
    EXPECT_EQ(a.command_line->value, "console=ttyS0 x=1,2");
    EXPECT_EQ(a.debug_exit->value, 0xf4u);
    EXPECT_EQ(a.population->value, Population::lazy);
    EXPECT_EQ(a.weight->value, 200u);
    EXPECT_EQ(a.budget->value, 5'000'000u);
    EXPECT_EQ(a.period->value, 20'000'000u);
    EXPECT_EQ(a.latency->value, 500'000u);
    auto const& b = result->guests[1];
    EXPECT_EQ(b.memory->value, 256 * mebibyte);
    ASSERT_EQ(b.modules.size(), 2u);
    EXPECT_EQ(b.modules[0].value.file, "/base/file");
    EXPECT_EQ(b.modules[0].value.text, "text of it");
    EXPECT_EQ(b.modules[1].value.text, "");
}

TEST(Toml, names_file_and_line_of_each_mistake)
{
    EXPECT_EQ(toml_failure("[[guest]]\nname = \"a\"\nmemroy = \"1G\"\n"),
              "m.toml:3: unknown key 'memroy'; did you mean 'memory'?");
    EXPECT_EQ(toml_failure("[machine]\ncores = 0\n"), "m.toml:2: cores is '0'; give a number from 1 to 64");
    EXPECT_EQ(toml_failure("[[guest]]\nvcpus = 1.5\n"),
              "m.toml:2: vcpus is neither text nor a whole number; write it as vcpus = \"...\" or a number");
    EXPECT_EQ(toml_failure("[[guest]]\nvcpus = -1\n"), "m.toml:2: vcpus is '-1'; give a number from 1 to 16");
    EXPECT_EQ(toml_failure("[guest]\nname = \"a\"\n"),
              "m.toml:1: 'guest' is one table; open each guest by a line [[guest]], with two brackets");
    EXPECT_EQ(toml_failure("[[guests]]\nname = \"a\"\n"), "m.toml:1: unknown table 'guests'; did you mean 'guest'?");
    EXPECT_EQ(toml_failure("cores = 1\n"),
              "m.toml:1: 'cores' stands outside of a table; put it below [machine] or [[guest]]");
    EXPECT_EQ(toml_failure("[[guest]]\nmemory = 256\n"),
              "m.toml:2: memory is '256', which is not a whole number of MiB; did you mean 256M?");
    EXPECT_EQ(toml_failure("[[guest]]\nname = \"x\ty\"\n"),
              "m.toml:2: name is 'x?y'; give 1 to 32 letters, digits, '-', '_' and '.', not starting with '.'");
    EXPECT_EQ(toml_failure("[machine]\ncores =\n"),
              "m.toml:2: a value is missing; write KEY = \"TEXT\" or KEY = NUMBER");
    EXPECT_EQ(toml_failure("[machine]\ncores = 1\ncores = 2\n"),
              "m.toml:3: 'cores' is given twice, first in line 2; give it once");
    EXPECT_EQ(toml_failure("[machine]\n\n[machine]\n"),
              "m.toml:3: the table 'machine' is opened again, first in line 1; open it once");
    EXPECT_EQ(toml_failure("[machine]\nmemory = 2G\n"), "m.toml:2: '2G' is no value; write text in quotes: \"2G\"");
    EXPECT_EQ(toml_failure("[[guest]]\nname = 'a\n\n"), "m.toml:2: the text is not closed; end it by '");
    EXPECT_EQ(toml_failure("[[guest]]\nname = \"\"\"a\n\n"), "m.toml:2: the text is not closed; end it by \"\"\"");
    EXPECT_EQ(toml_failure("[[guest]]\nname = \"a\\q\"\n"),
              "m.toml:2: \\q is no escape sequence; write \\\\ for a backslash, or use '...'");
    EXPECT_EQ(toml_failure("[[guest]]\nname = \"a\" b\n"),
              "m.toml:2: there is more on the line than one entry: 'b'; begin a new line, or close the quotes");
    EXPECT_EQ(toml_failure("[[guest]]\nmodules = [\"a\"\n\"b\"]\n"),
              "m.toml:3: ',' or ']' is missing in a list; write [\"TEXT\", \"TEXT\"]");
    EXPECT_EQ(toml_failure("[[guest]]\nmodules = [\n"), "m.toml:2: the list is not closed; end it by ]");
    EXPECT_EQ(toml_failure("[[guest]\n"), "m.toml:1: the table's name is not closed; write [[NAME]]");
    EXPECT_EQ(toml_failure("machine.cores = 1\n"),
              "m.toml:1: dotted keys have no use here; write [machine] or [[guest]], and KEY = VALUE below");
    EXPECT_EQ(toml_failure("machine = {}\n"),
              "m.toml:1: inline tables have no use here; write [machine] or [[guest]], and KEY = VALUE below");
    EXPECT_EQ(toml_failure("[[guest]]\ncmdline = \"a\\nb\"\n"),
              "m.toml:2: cmdline holds a line break or another control character; write it as one line");
}

TEST(Toml, reads_all_spellings)
{
    auto const tables =
        parse_toml("\xef\xbb\xbf# comment\r\n[ t ] # more\r\n\"a b\" = \"x\\t\\u00e9\\\"#\" # end\r\n"
                   "c='C:\\d'\nd = \"\"\"\nl1\nl2 \\\n   l3\"\"\"\"\ne = '''it's'''\n"
                   "f = [1_000, 0xFF, 0o17, 0b11, -5, +6,\n # inside\n]\ng = 1.5\nh = 1979-05-27T07:32:00Z\ni = true",
                   "f");
    ASSERT_TRUE(tables) << tables.error().line();
    ASSERT_EQ(tables->size(), 2u);
    auto const& entries = (*tables)[1].entries;
    ASSERT_EQ(entries.size(), 8u);
    EXPECT_EQ(entries[0].key, "a b");
    EXPECT_EQ(entries[0].value.text, "x\t\xc3\xa9\"#");
    EXPECT_EQ(entries[1].value.text, "C:\\d");
    EXPECT_EQ(entries[2].value.text, "l1\nl2 l3\"");
    EXPECT_EQ(entries[3].value.text, "it's");
    EXPECT_EQ(entries[3].line, 9u);
    std::vector<std::string> numbers;
    for (auto const& item : entries[4].value.items)
        numbers.push_back(item.text);
    EXPECT_EQ(numbers, (std::vector<std::string>{"1000", "255", "15", "3", "-5", "6"}));
    EXPECT_EQ(entries[5].line, 13u);
    for (std::size_t i = 5; i < 8; ++i)
        EXPECT_EQ(entries[i].value.kind, Toml_value::Kind::other);
}

TEST(Toml, survives_any_bytes)
{
    for (unsigned seed = 1; seed < 3000; ++seed)
    {
        std::string text = "[machine]\n";
        unsigned state = seed;
        for (int i = 0; i < 40; ++i)
        {
            state = state * 1103515245 + 12345;
            text += "[]=\"'\n\\#{},.a1 \x80\xff"[state >> 16 & 15];
        }
        static_cast<void>(toml_failure(text));
    }
}

TEST(Guest_option, reads_all_keys)
{
    auto const guest = parse_guest_option(
        "kernel=k,,x,cmdline=a=b,,c d,vcpus=3,module=f some text,module=g,debug-exit=0xf4", "--guest");
    ASSERT_TRUE(guest);
    EXPECT_EQ(guest->kernel->value, "k,x");
    EXPECT_EQ(guest->command_line->value, "a=b,c d");
    EXPECT_EQ(guest->vcpus->value, 3u);
    EXPECT_EQ(guest->debug_exit->value, 0xf4u);
    ASSERT_EQ(guest->modules.size(), 2u);
    EXPECT_EQ(guest->modules[0].value.text, "some text");
}

TEST(Guest_option, refuses_mistakes)
{
    EXPECT_EQ(guest_failure("kernel=a,kernel=b"), "--guest: 'kernel' is given twice; give it once");
    EXPECT_EQ(guest_failure("kernel=a,"),
              "--guest: an empty part between commas; write KEY=VALUE, and a comma inside a value twice");
    EXPECT_EQ(guest_failure("kernel=a,debug"),
              "--guest: 'debug' is no KEY=VALUE; write KEY=VALUE, and a comma inside a value twice");
    EXPECT_EQ(guest_failure("kernel="), "--guest: kernel is empty; give the name of a file");
    EXPECT_EQ(guest_failure("boot=grub"), "--guest: boot is 'grub'; give linux, pvh or multiboot");
    EXPECT_EQ(guest_failure("name=ovm"),
              "--guest: name is 'ovm', which marks the hypervisor's own lines; give another name");
    EXPECT_EQ(guest_failure("debug-exit=70000"), "--guest: debug-exit is '70000'; give a number from 1 to 65535");
}

TEST(Overlay, lays_guests_of_one_name_over_each_other)
{
    Machine_request below;
    below.cores = Setting<unsigned>{2, "m.toml:1"};
    below.guests.push_back(*parse_guest_option("name=a,kernel=k,vcpus=2", "m.toml:2"));
    Machine_request above;
    above.cores = Setting<unsigned>{3, "--cores"};
    above.guests.push_back(*parse_guest_option("name=a,vcpus=4", "--guest"));
    above.guests.push_back(*parse_guest_option("kernel=z", "--guest"));
    auto const both = overlay(below, above);
    EXPECT_EQ(both.cores->value, 3u);
    ASSERT_EQ(both.guests.size(), 2u);
    EXPECT_EQ(both.guests[0].kernel->value, "k");
    EXPECT_EQ(both.guests[0].vcpus->value, 4u);
}

TEST_F(Machine_test, finds_the_boot_protocol)
{
    auto const machine = make({"kernel=" + linux_kernel, "kernel=" + multiboot_kernel, "kernel=" + pvh_kernel});
    ASSERT_TRUE(machine) << machine.error().line();
    EXPECT_EQ(machine->guests[0].boot, Boot_protocol::linux_64);
    EXPECT_EQ(machine->guests[1].boot, Boot_protocol::multiboot);
    EXPECT_EQ(machine->guests[2].boot, Boot_protocol::pvh);
    EXPECT_EQ(machine->guests[0].command_line, "console=ttyS0 panic=-1");
    EXPECT_EQ(machine->guests[1].command_line, "");
    EXPECT_EQ(machine->guests[2].name, "guest3");
    EXPECT_EQ(machine->cores, 3u);
    EXPECT_EQ(machine->memory, 896 * mebibyte);
}

TEST_F(Machine_test, makes_two_debian_guests_by_default)
{
    defaults.kernel = linux_kernel;
    defaults.initrd = small;
    auto const machine = make({});
    ASSERT_TRUE(machine) << machine.error().line();
    ASSERT_EQ(machine->guests.size(), 2u);
    EXPECT_EQ(machine->guests[1].name, "debian2");
    EXPECT_EQ(machine->guests[1].vcpus, 2u);
    EXPECT_EQ(machine->guests[1].memory, 256 * mebibyte);
    EXPECT_EQ(machine->guests[0].kernel.bytes, machine->guests[1].kernel.bytes);
    EXPECT_EQ(machine->on_reset, On_reset::restart);
}

TEST_F(Machine_test, has_one_core_when_deterministic_and_ends_on_reset_when_headless)
{
    defaults.one_core = true;
    defaults.headless = true;
    auto const machine = make({"vcpus=4,kernel=" + linux_kernel});
    ASSERT_TRUE(machine);
    EXPECT_EQ(machine->cores, 1u);
    EXPECT_EQ(machine->on_reset, On_reset::end);
}

TEST_F(Machine_test, refuses_bad_kernels)
{
    auto const empty = folder.write("empty", "");
    auto cut = make_bzimage();
    cut.resize(5000);
    auto const truncated = folder.write("cut", cut);
    auto narrow = make_bzimage();
    put_number(narrow, 0x236, 2, 0);
    auto const no_entry = folder.write("narrow", narrow);
    EXPECT_NE(failure({"kernel=" + folder.file("none")}).find("does not exist; check"), std::string::npos);
    request = {};
    EXPECT_NE(failure({"kernel=" + empty}).find("is empty; copy or build it again"), std::string::npos);
    request = {};
    EXPECT_NE(failure({"kernel=" + truncated}).find("is truncated: its header tells of 8192 bytes, the file has 5000"),
              std::string::npos);
    request = {};
    EXPECT_NE(failure({"kernel=" + no_entry}).find("has no 64-bit entry"), std::string::npos);
    request = {};
    EXPECT_NE(failure({"boot=linux,kernel=" + pvh_kernel}).find("no Linux bzImage"), std::string::npos);
    request = {};
    EXPECT_NE(failure({"boot=pvh,kernel=" + linux_kernel}).find("has no PVH entry"), std::string::npos);
    request = {};
    EXPECT_NE(failure({"boot=multiboot,kernel=" + linux_kernel}).find("has no Multiboot header"), std::string::npos);
    request = {};
    EXPECT_NE(failure({"kernel=" + small}).find("is no kernel that OVM knows"), std::string::npos);
    request = {};
    EXPECT_NE(failure({"kernel=/"}).find("is a folder"), std::string::npos);
}

TEST_F(Machine_test, survives_kernels_of_any_bytes)
{
    for (auto const& image : {make_bzimage(), make_elf(true, true)})
    {
        for (std::size_t size = 0; size < 1200; size += 7)
            static_cast<void>(inspect_kernel(image.substr(0, size), std::nullopt));
        unsigned state = 7;
        for (int round = 0; round < 500; ++round)
        {
            auto bytes = image;
            for (int i = 0; i < 8; ++i)
            {
                state = state * 1103515245 + 12345;
                bytes[(state >> 8) % 700] = static_cast<char>(state >> 24);
            }
            static_cast<void>(inspect_kernel(bytes, std::nullopt));
        }
    }
}

TEST_F(Machine_test, refuses_what_does_not_fit)
{
    auto const big = folder.write("big", std::string(20 * mebibyte, 'x'));
    EXPECT_NE(failure({"memory=48M,initrd=" + big + ",kernel=" + linux_kernel})
                  .find("are too big for the 48M of memory of 'guest1'; give it at least memory=64M"),
              std::string::npos);
    request = {};
    EXPECT_NE(failure({"memory=16M,kernel=" + linux_kernel}).find("too little for its kernel"), std::string::npos);
    request = {};
    request.memory = Setting<std::uint64_t>{512 * mebibyte, "--memory"};
    EXPECT_NE(failure({"memory=1G,kernel=" + linux_kernel}).find("--memory: the guests have 1G of memory"),
              std::string::npos);
    request = {};
    EXPECT_NE(
        failure({"memory=15G,kernel=" + linux_kernel, "memory=15G,kernel=" + linux_kernel}).find("this host has 16G"),
        std::string::npos);
    request = {};
    request.nodes = Setting<unsigned>{4, "--nodes"};
    request.cores = Setting<unsigned>{2, "--cores"};
    EXPECT_EQ(failure({"kernel=" + linux_kernel}), "--nodes: 4 nodes for 2 cores; give at least one core to each node");
    request = {};
    request.cores = Setting<unsigned>{60, "--cores"};
    EXPECT_EQ(failure({"kernel=" + linux_kernel}), "--cores: 60 cores are too many for a host with 4; give at most 16");
    request = {};
    EXPECT_NE(failure({"name=a,kernel=" + linux_kernel, "name=a,kernel=" + linux_kernel})
                  .find("two guests have the name 'a'"),
              std::string::npos);
    request = {};
    EXPECT_NE(
        failure({"kernel=" + linux_kernel + ",cmdline=" + std::string(2048, 'x')}).find("shorten it to 2047 bytes"),
        std::string::npos);
    request = {};
    EXPECT_NE(failure({"kernel=" + linux_kernel + ",module=" + small}).find("modules are for multiboot kernels"),
              std::string::npos);
    request = {};
    EXPECT_NE(failure({"kernel=" + multiboot_kernel + ",initrd=" + small}).find("a multiboot kernel takes no initrd"),
              std::string::npos);
    request = {};
    EXPECT_NE(failure({"name=a"}).find("'a' has no kernel; give it kernel=FILE"), std::string::npos);
    request = {};
    EXPECT_EQ(failure({}), "there is no guest; give --guest kernel=FILE or --machine FILE.toml");
}

} // namespace ovm::launcher
