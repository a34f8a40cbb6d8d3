#include "launcher/session/terminal_mode.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <termios.h>
#include <unistd.h>

namespace ovm::launcher
{

namespace
{

constexpr std::array fatal_signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

// A signal handler has no argument of ours; tcsetattr() is allowed in it.
std::atomic<int> raw_terminal{-1};
termios saved{};

void give_back(int signal_number)
{
    int const terminal = raw_terminal.exchange(-1);
    if (terminal >= 0)
        tcsetattr(terminal, TCSANOW, &saved);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

} // namespace

Terminal_mode::Terminal_mode(int descriptor)
{
    if (isatty(descriptor) == 0 || tcgetattr(descriptor, &saved) != 0)
        return;
    termios changed = saved;
    cfmakeraw(&changed);
    if (tcsetattr(descriptor, TCSANOW, &changed) != 0)
        return;
    raw_ = true;
    raw_terminal = descriptor;
    for (int const number : fatal_signals)
        signal(number, give_back);
}

void Terminal_mode::restore()
{
    int const terminal = raw_ ? raw_terminal.exchange(-1) : -1;
    if (terminal >= 0)
    {
        tcsetattr(terminal, TCSADRAIN, &saved);
        for (int const number : fatal_signals)
            signal(number, SIG_DFL);
    }
    raw_ = false;
}

} // namespace ovm::launcher
