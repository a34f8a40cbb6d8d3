#include "launcher/emulator/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "launcher/description/text.hpp"

namespace ovm::launcher
{

namespace
{

Process_end decode(int status)
{
    if (WIFSIGNALED(status))
        return {true, WTERMSIG(status)};
    return {false, WEXITSTATUS(status)};
}

/// The child's side, between fork and exec; only async-signal-safe calls. Reports errno through `report`.
[[noreturn]] void become(char* const* words, std::span<const int> inherited, int output, int report, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    int const nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    for (int const descriptor : inherited)
        fcntl(descriptor, F_SETFD, 0);
    execvp(words[0], words);
    int const error = errno;
    static_cast<void>(!write(report, &error, sizeof error));
    _exit(127);
}

} // namespace

std::string Process_end::text() const
{
    if (signalled)
        return "was killed by signal " + std::to_string(value) + " (" + strsignal(value) + ")";
    return "ended with status " + std::to_string(value);
}

Checked<Child_process> Child_process::start(const Command& command, std::span<const int> inherited,
                                            const std::string& manual)
{
    std::array<int, 2> output{};
    std::array<int, 2> report{};
    if (pipe2(output.data(), O_CLOEXEC) != 0)
        return Failure{command[0], std::string("cannot make a pipe: ") + std::strerror(errno), "close other programs"};
    Unique_descriptor output_read(output[0]);
    Unique_descriptor const output_write(output[1]);
    if (pipe2(report.data(), O_CLOEXEC) != 0)
        return Failure{command[0], std::string("cannot make a pipe: ") + std::strerror(errno), "close other programs"};
    Unique_descriptor const report_read(report[0]);
    Unique_descriptor report_write(report[1]);

    std::vector<std::string> copy(command);
    std::vector<char*> words;
    for (auto& word : copy)
        words.push_back(word.data());
    words.push_back(nullptr);
    pid_t const parent = getpid();
    pid_t const process = fork();
    if (process < 0)
        return Failure{command[0], std::string("cannot start it: ") + std::strerror(errno), "close other programs"};
    if (process == 0)
        become(words.data(), inherited, output_write.get(), report_write.get(), parent);

    report_write.reset();
    int error = 0;
    ssize_t size = 0;
    while ((size = read(report_read.get(), &error, sizeof error)) < 0 && errno == EINTR)
    {
    }
    if (size == static_cast<ssize_t>(sizeof error))
    {
        waitpid(process, nullptr, 0);
        return Failure{command[0], std::string("cannot start it: ") + std::strerror(error),
                       error == ENOENT ? manual : "check its permissions"};
    }
    return Child_process(process, std::move(output_read));
}

std::optional<Process_end> Child_process::ended()
{
    if (!end_ && process_ > 0)
    {
        int status = 0;
        if (waitpid(process_, &status, WNOHANG) == process_)
            end_ = decode(status);
    }
    return end_;
}

Process_end Child_process::wait()
{
    while (!end_ && process_ > 0)
    {
        int status = 0;
        auto const result = waitpid(process_, &status, 0);
        if (result == process_)
            end_ = decode(status);
        else if (result < 0 && errno != EINTR)
            end_ = Process_end{};
    }
    return end_.value_or(Process_end{});
}

void Child_process::stop()
{
    constexpr int rounds = 200;
    constexpr timespec pause{0, 10'000'000};
    if (process_ <= 0 || ended())
        return;
    kill(process_, SIGTERM);
    for (int i = 0; i < rounds && !ended(); ++i)
        nanosleep(&pause, nullptr);
    if (!ended())
        kill(process_, SIGKILL);
    wait();
}

} // namespace ovm::launcher
