#include "support/step_counter.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ovm::bench
{

namespace
{

[[noreturn]] void fail(const char* what)
{
    std::perror(what);
    std::exit(1);
}

std::vector<std::uint64_t> count_sections(const std::function<void()>& body)
{
    auto const child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0)
    {
        if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            _exit(2);
        raise(SIGSTOP);
        body();
        _exit(0);
    }
    std::vector<std::uint64_t> sections;
    int status = 0;
    bool counting = false;
    std::uint64_t steps = 0;
    auto go_on = [&]
    {
        if (ptrace(counting ? PTRACE_SINGLESTEP : PTRACE_CONT, child, nullptr, nullptr) != 0 ||
            waitpid(child, &status, 0) != child)
            fail("ptrace");
    };
    if (waitpid(child, &status, 0) != child)
        fail("waitpid");
    for (;;)
    {
        go_on();
        if (!WIFSTOPPED(status))
            break;
        siginfo_t what{};
        if (WSTOPSIG(status) != SIGTRAP || ptrace(PTRACE_GETSIGINFO, child, nullptr, &what) != 0)
        {
            std::fprintf(stderr, "the measured process got signal %d\n", WSTOPSIG(status));
            std::exit(1);
        }
        if (what.si_code == TRAP_TRACE)
        {
            ++steps;
            continue;
        }
        // A breakpoint: the section begins or ends here.
        if (counting)
            sections.push_back(steps);
        counting = !counting;
        steps = 0;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    {
        std::fprintf(stderr, "the measured process failed\n");
        std::exit(1);
    }
    return sections;
}

} // namespace

std::vector<std::uint64_t> count_instructions(const std::function<void()>& body)
{
    auto const empty = count_sections(
        []
        {
            mark();
            mark();
        });
    auto sections = count_sections(body);
    for (auto& count : sections)
        count -= count < empty.front() ? count : empty.front();
    return sections;
}

} // namespace ovm::bench
