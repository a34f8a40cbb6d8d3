#include <array>
#include <csignal>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "launcher/fixtures.hpp"

namespace ovm::launcher
{

namespace
{

/// The whole launcher, with an emulator that plays a scene.
class Session_test : public testing::Test
{
protected:
    std::vector<std::string> words(const std::string& scene, std::initializer_list<std::string> more) const
    {
        std::vector<std::string> result{OVM_LAUNCH,
                                        "--emulator-binary",
                                        OVM_FAKE_EMULATOR,
                                        "--ovm",
                                        kernel,
                                        "--append",
                                        "scene=" + scene,
                                        "--guest",
                                        "name=one,kernel=" + kernel,
                                        "--guest",
                                        "name=two,kernel=" + kernel};
        result.insert(result.end(), more);
        return result;
    }
    Run_result play(const std::string& scene, std::initializer_list<std::string> more = {"--headless"}) const
    {
        return run_program(words(scene, more));
    }

    Test_folder folder;
    std::string kernel = folder.write("vmlinuz", make_bzimage());
};

/// The launcher on a terminal of its own.
class On_terminal
{
public:
    explicit On_terminal(const std::vector<std::string>& words)
    {
        process_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
        if (process_ == 0)
        {
            std::vector<std::string> copy(words);
            std::vector<char*> arguments;
            for (auto& word : copy)
                arguments.push_back(word.data());
            arguments.push_back(nullptr);
            execv(arguments[0], arguments.data());
            _exit(127);
        }
    }
    On_terminal(const On_terminal&) = delete;
    ~On_terminal() { close(terminal_); }

    /// Reads until `text` was seen, at most ten seconds.
    bool sees(const std::string& text)
    {
        while (!seen_.contains(text))
        {
            pollfd wait_for{terminal_, POLLIN, 0};
            std::array<char, 1024> buffer{};
            if (poll(&wait_for, 1, 10'000) <= 0)
                return false;
            auto const size = read(terminal_, buffer.data(), buffer.size());
            if (size <= 0)
                return false;
            seen_.append(buffer.data(), static_cast<std::size_t>(size));
        }
        return true;
    }
    void type(std::string_view keys) const
    {
        EXPECT_EQ(write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    }
    bool raw() const
    {
        termios now{};
        tcgetattr(terminal_, &now);
        return (now.c_lflag & (ICANON | ECHO | ISIG)) == 0;
    }
    void send(int signal_number) const { kill(process_, signal_number); }
    int wait() const
    {
        int status = 0;
        waitpid(process_, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    const std::string& seen() const { return seen_; }

private:
    int terminal_ = -1;
    pid_t process_ = -1;
    std::string seen_;
};

} // namespace

TEST_F(Session_test, prints_lines_and_ends_with_the_last_guest)
{
    auto const result = play("good");
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "ovm: two guests\ntwo: second\none: hello world\none: powered off\ntwo: unfinished\n"
                          "two: halted for good, interrupts off on every vcpu\n");
    EXPECT_EQ(result.error, "");
}

TEST_F(Session_test, prints_one_guest_raw)
{
    auto const result = play("good", {"--raw", "two"});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "second\r\nunfinished");
    EXPECT_NE(result.error.find("one: powered off\n"), std::string::npos);
}

TEST_F(Session_test, tells_how_guests_ended)
{
    auto result = play("debug_exit");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "one: wrote 0 to its debug-exit port\ntwo: wrote 3 to its debug-exit port\n");
    result = play("guest_crash");
    EXPECT_EQ(result.status, 3);
    EXPECT_NE(result.out.find("two: rip=0x10\ntwo: crashed: triple fault\n"), std::string::npos) << result.out;
}

TEST_F(Session_test, tells_when_the_hypervisor_is_lost)
{
    auto result = play("die");
    EXPECT_EQ(result.status, 4);
    EXPECT_EQ(result.out, "one: half a line\novm: last words\n");
    EXPECT_NE(result.error.find("before OVM said that it is done"), std::string::npos) << result.error;
    result = play("hypervisor_crash");
    EXPECT_EQ(result.status, 4);
    EXPECT_EQ(result.out, "ovm: page fault at 0x0\n");
    result = play("no_svm", {"--headless", "--timeout", "3"});
    EXPECT_EQ(result.status, 124);
    EXPECT_EQ(result.out, "ovm: this processor has no SVM\n");
}

TEST_F(Session_test, tells_when_the_emulator_cannot_start)
{
    auto result = play("refuse");
    EXPECT_EQ(result.status, 2);
    EXPECT_NE(result.error.find("emulator: emulator says no\n"), std::string::npos) << result.error;
    result = play("good", {"--headless", "--emulator-binary", "/nowhere/qemu"});
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.error,
              "ovm: /nowhere/qemu: cannot start it: No such file or directory; apt install qemu-system-x86\n");
}

TEST_F(Session_test, ends_in_time)
{
    auto const result = play("hang", {"--headless", "--timeout", "0.3"});
    EXPECT_EQ(result.status, 124);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(play("flood", {"--headless", "--timeout", "0.5"}).status, 124);
}

TEST_F(Session_test, ends_when_its_output_is_closed)
{
    auto line = words("flood", {"--headless"});
    std::string script = "(";
    for (auto const& word : line)
        script += "'" + word + "' ";
    auto const result = run_program({"bash", "-c", script + "; echo status $? >&2) | head -n 2"});
    EXPECT_EQ(result.out, "one: line after line after line\none: line after line after line\n");
    EXPECT_EQ(result.error, "status 141\n");
}

TEST_F(Session_test, leaves_no_emulator_behind_when_killed)
{
    auto const script =
        "TMPDIR='" + folder.file("") + "' '" + OVM_LAUNCH + "' --headless --emulator-binary '" + OVM_FAKE_EMULATOR +
        "' --ovm '" + kernel + "' --append scene=hang --guest 'kernel=" + kernel +
        "' & sleep 0.5; child=$(cat /proc/$!/task/$!/children); "
        "test -n \"$child\" && test -d /proc/$((child)) || echo none; kill -9 $!; wait $! 2>/dev/null; sleep 0.3; "
        "grep -s State /proc/$((child))/status | grep -v zombie; echo done";
    EXPECT_EQ(run_program({"bash", "-c", script}).out, "done\n");
}

TEST_F(Session_test, relays_a_terminal_in_raw_mode)
{
    On_terminal terminal(words("echo", {}));
    ASSERT_TRUE(terminal.sees("ready")) << terminal.seen();
    EXPECT_NE(terminal.seen().find("Ctrl-A, then: 1 one, 2 two; 0 OVM's own console"), std::string::npos)
        << terminal.seen();
    EXPECT_TRUE(terminal.raw());
    terminal.type("a\x03\x01");
    EXPECT_TRUE(terminal.sees("<a><\x03><\x01>")) << terminal.seen();
    terminal.type("q");
    EXPECT_TRUE(terminal.sees("<q>"));
    EXPECT_EQ(terminal.wait(), 0);
    EXPECT_FALSE(terminal.raw());
}

TEST_F(Session_test, gives_the_terminal_back_on_signals)
{
    for (int const number : {SIGTERM, SIGINT, SIGHUP})
    {
        On_terminal terminal(words("echo", {}));
        ASSERT_TRUE(terminal.sees("ready"));
        EXPECT_TRUE(terminal.raw());
        terminal.send(number);
        EXPECT_EQ(terminal.wait(), 128 + number);
        EXPECT_FALSE(terminal.raw());
    }
}

TEST_F(Session_test, ends_when_ovm_does_not_listen_to_the_escape_key)
{
    On_terminal terminal(words("hang", {"--escape", "b"}));
    ASSERT_TRUE(terminal.sees("Ctrl-B"));
    terminal.type("\x02x");
    EXPECT_TRUE(terminal.sees("the emulator was stopped")) << terminal.seen();
    EXPECT_EQ(terminal.wait(), 4);
    EXPECT_FALSE(terminal.raw());
}

TEST_F(Session_test, prints_the_command_line_alone)
{
    auto const result = play("good", {"--dry-run"});
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(result.out.starts_with(OVM_FAKE_EMULATOR)) << result.out;
    EXPECT_EQ(result.out.find('\n'), result.out.size() - 1);
    auto const at = result.error.find("/ovm-");
    ASSERT_NE(at, std::string::npos);
    auto const start = result.error.rfind(' ', at) + 1;
    run_program({"rm", "-r", result.error.substr(start, result.error.size() - start - 1)});
}

TEST_F(Session_test, archives_a_console_script)
{
    auto const script = folder.write("script", "0.5 vms\n+1 swap scheduler fair # now\n");
    auto const result = play("good", {"--dry-run", "--console-script", script});
    EXPECT_EQ(result.status, 0) << result.error;
    auto const start = result.error.rfind(' ') + 1;
    auto const files = result.error.substr(start, result.error.size() - start - 1);
    ASSERT_NE(files.find("/ovm-"), std::string::npos) << result.error;
    auto const text =
        run_program({"sh", "-c", "cpio -i --quiet --to-stdout console.script <" + files + "/machine.cpio"});
    EXPECT_EQ(text.out, "500000000 vms\n1500000000 swap scheduler fair\n");
    run_program({"rm", "-r", files});
}

TEST_F(Session_test, refuses_mistakes_in_one_line)
{
    auto const refused = [&](std::initializer_list<std::string> more)
    {
        auto const result = play("good", more);
        EXPECT_EQ(result.status, 2);
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1) << result.error;
        return result.error;
    };
    EXPECT_EQ(refused({"--headles"}), "ovm: unknown option '--headles'; did you mean --headless?\n");
    EXPECT_EQ(refused({"--headless", "word"}),
              "ovm: unknown word 'word'; guests are given by --guest kernel=FILE; see --help\n");
    EXPECT_EQ(refused({"--cores", "x"}), "ovm: --cores: cores is 'x'; give a number from 1 to 64\n");
    EXPECT_EQ(refused({"--timeout", "-1"}), "ovm: --timeout: '-1' is no time; give seconds, as 60 or 0.5\n");
    EXPECT_EQ(refused({"--emulator", "bochs"}),
              "ovm: --emulator: Bochs runs headless only; add --headless or --raw NAME\n");
    EXPECT_EQ(refused({"--emulator", "xen"}), "ovm: --emulator: 'xen' is unknown; give qemu or bochs\n");
    EXPECT_EQ(refused({"--raw", "three"}), "ovm: --raw: there is no guest 'three'; guests are one and two\n");
    EXPECT_EQ(refused({"--machine", "/none.toml"}),
              "ovm: /none.toml: there is no such machine description; give --machine the name of a TOML file\n");
    EXPECT_EQ(refused({"--console-script", "/none"}),
              "ovm: /none: there is no such console script; give --console-script the name of a file\n");
    EXPECT_EQ(refused({"--cores"}), "ovm: --cores: its value is missing; see --help\n");
}

} // namespace ovm::launcher
