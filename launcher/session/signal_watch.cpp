#include "launcher/session/signal_watch.hpp"

#include <sys/signalfd.h>

namespace ovm::launcher
{

Signal_watch::Signal_watch()
{
    sigset_t watched;
    sigemptyset(&watched);
    for (int const number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD})
        sigaddset(&watched, number);
    sigprocmask(SIG_BLOCK, &watched, &previous_);
    signal(SIGPIPE, SIG_IGN);
    descriptor_ = Unique_descriptor(signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
}

Signal_watch::~Signal_watch()
{
    while (take())
    {
    }
    sigprocmask(SIG_SETMASK, &previous_, nullptr);
}

std::optional<int> Signal_watch::take()
{
    signalfd_siginfo information{};
    std::optional<int> ending;
    while (!ending &&
           read(descriptor_.get(), &information, sizeof information) == static_cast<ssize_t>(sizeof information))
    {
        if (information.ssi_signo != SIGCHLD)
            ending = static_cast<int>(information.ssi_signo);
    }
    return ending;
}

} // namespace ovm::launcher
