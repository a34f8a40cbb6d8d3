#include "arch/hang.hpp"

#include <array>
#include <atomic>
#include <csignal>

#include <pthread.h>

#include "arch/crossing.hpp"
#include "arch/hosted/machine.hpp"
#include "base/contract.hpp"

/// A signal is the NMI. It may come anywhere in the port, whose mutexes nobody would give back: tests let cores hang
/// outside of it only.
namespace ovm::arch
{

namespace
{

std::array<std::atomic<pthread_t>, max_cores> threads{};
std::array<std::atomic<bool>, max_cores> watch_is_over{};
std::atomic<std::uint64_t> watch_renewals{0};

void answer(int)
{
    if (answer_hang(false, watch_is_over[this_core().value()].exchange(false)) == Hang_answer::discard)
        discard_crossing({.kind = Fault::Kind::hang, .what = "the crossing did not end"});
}

} // namespace

void hosted::let_hangs_end()
{
    struct sigaction action{};
    action.sa_handler = answer;
    action.sa_flags = SA_NODEFER; // the handler is left by longjmp
    OVM_ASSERT(sigaction(SIGUSR1, &action, nullptr) == 0);
    threads[this_core().value()].store(pthread_self());
}

void hosted::end_last_watch()
{
    for (std::size_t core = 0; core < threads.size(); ++core)
    {
        if (auto const thread = threads[core].load())
        {
            watch_is_over[core] = true;
            pthread_kill(thread, SIGUSR1);
        }
    }
}

std::uint64_t hosted::last_watch_renewals()
{
    return watch_renewals;
}

bool renew_last_watch()
{
    ++watch_renewals;
    return true;
}

void interrupt_hanging(Core_id core, std::uint64_t epoch)
{
    note_wish(core, epoch);
    if (auto const thread = threads[core.value()].load())
        pthread_kill(thread, SIGUSR1);
}

} // namespace ovm::arch
