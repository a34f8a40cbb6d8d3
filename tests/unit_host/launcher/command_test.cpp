#include <algorithm>
#include <gtest/gtest.h>

#include "launcher/description/host.hpp"
#include "launcher/emulator/command.hpp"
#include "launcher/fixtures.hpp"
#include "launcher/image/grub_image.hpp"

namespace ovm::launcher
{

namespace
{

Machine make_computer(unsigned cores, unsigned nodes)
{
    Machine machine;
    machine.cores = cores;
    machine.nodes = nodes;
    machine.memory = 1024ull << 20;
    return machine;
}

std::string qemu_line(const Machine& machine, const Qemu_settings& settings)
{
    return shell_line(qemu_command(machine, settings));
}

} // namespace

TEST(Command, quotes_for_the_shell)
{
    Command const words{"printf", "%s\\n", "plain", "two words", "it's", "", "$HOME", "a\nb"};
    EXPECT_EQ(shell_line({"a", "b c", "it's", ""}), "a 'b c' 'it'\\''s' ''");
    EXPECT_EQ(run_program({"sh", "-c", shell_line(words)}).out, "plain\ntwo words\nit's\n\n$HOME\na\nb\n");
}

TEST(Command, tells_ovm_what_to_do)
{
    EXPECT_EQ(ovm_command_line({true, false, ""}), "records=com2 console=terminal");
    EXPECT_EQ(ovm_command_line({true, true, "crash=reset"}), "records=com2 console=records crash=reset");
    EXPECT_EQ(ovm_command_line({false, false, ""}), "console=terminal");
    EXPECT_TRUE(resets_after_crash("a crash=reset b"));
    EXPECT_FALSE(resets_after_crash("crash=reset crash=stop"));
    EXPECT_FALSE(resets_after_crash("xcrash=reset"));
}

TEST(Qemu, emulates_the_computer)
{
    Qemu_settings settings;
    settings.ovm = "ovm.elf";
    settings.archive = "a.cpio";
    settings.command_line = "records=com2 console=terminal";
    settings.console = "socket,fd=3";
    settings.records = "socket,fd=5";
    EXPECT_EQ(
        qemu_line(make_computer(2, 1), settings),
        "qemu-system-x86_64 -name OVM -M q35 -no-user-config -nodefaults -display none -accel tcg,thread=multi -cpu "
        "EPYC,rdseed=off,sha-ni=off,xsavec=off,3dnowprefetch=off,misalignsse=off,osvw=off,topoext=off,fxsr-opt=off,"
        "nrip-save=off -smp 3 -m 1024M -kernel ovm.elf -initrd a.cpio -append 'records=com2 console=terminal "
        "boot-core=idle' -chardev socket,fd=3,id=console -serial chardev:console -chardev socket,fd=5,id=records "
        "-serial "
        "chardev:records -no-reboot");
}

TEST(Qemu, shares_cores_and_memory_between_nodes)
{
    auto const line = qemu_line(make_computer(5, 2), {});
    EXPECT_NE(line.find("size=512M -numa node,nodeid=0,memdev=node0,cpus=0-2"), std::string::npos) << line;
    EXPECT_NE(line.find("size=512M -numa node,nodeid=1,memdev=node1,cpus=3-5"), std::string::npos) << line;
}

TEST(Qemu, takes_options)
{
    Qemu_settings settings;
    settings.deterministic = true;
    settings.wait_for_debugger = true;
    settings.command_line = "crash=reset";
    auto line = qemu_line(make_computer(1, 1), settings);
    EXPECT_NE(line.find("-icount shift=0,sleep=off -rtc base=2026-01-01,clock=vm -seed 1"), std::string::npos);
    EXPECT_NE(line.find("tcg,thread=single"), std::string::npos);
    EXPECT_TRUE(line.ends_with(" -s -S"));
    EXPECT_EQ(line.find("-no-reboot"), std::string::npos);
    settings = {};
    settings.accelerator = Accelerator::kvm;
    line = qemu_line(make_computer(1, 1), settings);
    EXPECT_NE(line.find("-accel kvm -cpu host"), std::string::npos);
    settings.processor = "max";
    EXPECT_NE(qemu_line(make_computer(1, 1), settings).find("-cpu max "), std::string::npos);
}

TEST(Bochs, is_configured)
{
    Bochs_settings settings;
    settings.image = "/x/m.iso";
    settings.console = "/x/com1";
    settings.records = "/x/com2";
    auto const text = bochs_configuration(make_computer(2, 1), settings);
    for (auto const* part : {"model=zambezi, count=2", "guest=1024, host=1024", "path=\"/x/m.iso\"",
                             "com1: enabled=1, mode=file, dev=/x/com1\n", "com2: enabled=1, mode=file, dev=/x/com2\n"})
        EXPECT_NE(text.find(part), std::string::npos) << part;
    settings.configuration = "rc";
    settings.commands = "go";
    EXPECT_EQ(shell_line(bochs_command(settings)), "bochs -q -f rc -rc go");
}

TEST(Grub, boots_by_multiboot2)
{
    auto const menu = grub_menu({"ovm.elf", "", "records=com2  console=terminal $x", false, false});
    EXPECT_NE(menu.find("multiboot2 /boot/ovm.elf 'records=com2' 'console=terminal' '$x'\n"), std::string::npos)
        << menu;
    EXPECT_NE(menu.find("module2 /boot/machine.cpio\n"), std::string::npos);
}

TEST(Host, wants_nested_svm_for_kvm)
{
    Host host;
    EXPECT_EQ(why_no_kvm(host), "/dev/kvm cannot be opened");
    host.kvm_usable = true;
    EXPECT_EQ(why_no_kvm(host), "this computer's processor shows no SVM");
    host.has_svm = true;
    EXPECT_NE(why_no_kvm(host), "");
    host.nested_svm = true;
    EXPECT_EQ(why_no_kvm(host), "");
    EXPECT_GE(Host::look().cores, 1u);
}

} // namespace ovm::launcher
