#include <gtest/gtest.h>

#include "launcher/archive/boot_archive.hpp"
#include "launcher/archive/cpio_writer.hpp"
#include "launcher/fixtures.hpp"

namespace ovm::launcher
{

namespace
{

Loaded_file make_file(const std::string& name, const std::string& bytes)
{
    return {name, std::make_shared<const std::string>(bytes)};
}

Machine make_two_guests()
{
    auto const kernel = make_file("k", "kernel bytes");
    Machine machine;
    machine.on_reset = On_reset::end;
    machine.escape = 2;
    Guest first;
    first.name = "one";
    first.kernel = kernel;
    first.initrd = make_file("i", "initrd");
    first.command_line = "console=ttyS0  a=\"b c\"";
    first.vcpus = 2;
    first.memory = 256 << 20;
    Guest second;
    second.name = "two";
    second.kernel = kernel;
    second.boot = Boot_protocol::multiboot;
    second.memory = 1 << 20;
    second.debug_exit = 244;
    second.population = Population::lazy;
    second.weight = 400;
    second.budget = 5'000'000;
    second.period = 20'000'000;
    second.latency = 500'000;
    second.modules = {{make_file("m", "module"), "text of it"}, {make_file("n", "n"), ""}};
    machine.guests = {first, second};
    return machine;
}

constexpr const char* expected_configuration = R"(ovm-machine 1
on-reset end
escape 2
vm
name one
vcpus 2
memory 268435456
boot linux
kernel guests/one/kernel
initrd guests/one/initrd
cmdline console=ttyS0  a="b c"
population eager
end
vm
name two
vcpus 1
memory 1048576
boot multiboot
kernel guests/one/kernel
module guests/two/module1 text of it
module guests/two/module2
debug-exit 244
population lazy
weight 400
budget 5000000
period 20000000
latency 500000
end
)";

} // namespace

TEST(Cpio, writes_the_exact_bytes)
{
    Cpio_writer writer;
    writer.add("a", "xyz");
    auto const bytes = std::move(writer).finish();
    ASSERT_EQ(bytes.size() % 512, 0u);
    EXPECT_EQ(bytes.substr(0, 110),
              "070702"
              "00000001000081A4000000000000000000000001000000000000000300000000000000000000000000000000"
              "000000020000016B");
    EXPECT_EQ(bytes.substr(110, 2), std::string("a\0", 2));
    EXPECT_EQ(bytes.substr(112, 3), "xyz");
    EXPECT_EQ(bytes.substr(116, 6), "070702");
    EXPECT_EQ(bytes.substr(226, 10), "TRAILER!!!");
}

TEST(Cpio, is_read_by_cpio)
{
    Test_folder const folder;
    auto const archive = make_boot_archive(make_two_guests());
    ASSERT_TRUE(archive);
    auto const file = folder.write("archive", *archive);
    auto const list = run_program({"sh", "-c", "cpio -t --quiet <" + file});
    EXPECT_EQ(list.status, 0) << list.error;
    EXPECT_EQ(list.out, "machine.conf\nguests/one/kernel\nguests/one/initrd\nguests/two/module1\nguests/two/module2\n");
    auto const verified = run_program({"sh", "-c", "cpio -i --only-verify-crc --quiet <" + file});
    EXPECT_EQ(verified.status, 0) << verified.error;
    EXPECT_EQ(verified.error, "");
    auto const text = run_program({"sh", "-c", "cpio -i --quiet --to-stdout machine.conf <" + file});
    EXPECT_EQ(text.out, expected_configuration);
}

TEST(Archive, carries_a_console_script)
{
    Test_folder const folder;
    auto const archive = make_boot_archive(make_two_guests(), "500000000 vms\n");
    ASSERT_TRUE(archive);
    auto const file = folder.write("archive", *archive);
    auto const list = run_program({"sh", "-c", "cpio -t --quiet <" + file});
    EXPECT_TRUE(list.out.starts_with("machine.conf\nconsole.script\nguests/one/kernel\n")) << list.out;
    auto const text = run_program({"sh", "-c", "cpio -i --quiet --to-stdout console.script <" + file});
    EXPECT_EQ(text.out, "500000000 vms\n");
}

TEST(Archive, is_the_same_each_time)
{
    EXPECT_EQ(*make_boot_archive(make_two_guests()), *make_boot_archive(make_two_guests()));
}

} // namespace ovm::launcher
