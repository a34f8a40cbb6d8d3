#include "arch/hosted/machine.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include <sys/mman.h>

#include "arch/crash.hpp"
#include "arch/crossing.hpp"
#include "arch/power.hpp"
#include "arch/screen.hpp"
#include "arch/serial.hpp"
#include "base/contract.hpp"

namespace ovm::arch
{

namespace
{

constexpr std::uint64_t hosted_ticks_per_second = 1'000'000'000;
constexpr Bytes low_memory{1024 * 1024};

std::array<Core_window, max_cores> windows{};

struct Hosted_core
{
    std::uint64_t kicks = 0;
    bool interrupt = false;
    std::optional<Ticks> deadline{};
};

struct Hosted_machine
{
    std::mutex mutex{};
    std::condition_variable changed{};
    std::array<Hosted_core, max_cores> cores{};
    std::array<Free_range, max_nodes> free{};
    std::uint32_t core_count = 1;
    std::uint32_t node_count = 1;
    std::atomic<std::uint64_t> now{0};
    std::atomic<std::uint64_t> step{0};
    std::array<std::string, 2> output{};
    std::string screen{};
    std::uint64_t output_limit = ~std::uint64_t{0};
    Serial_receiver* receiver = nullptr;
    std::uint8_t* memory = nullptr;
};

thread_local std::uint32_t hosted_core_number = 0;

Hosted_machine& machine()
{
    static auto* const the = []
    {
        auto* made = new Hosted_machine;
        void* const memory = mmap(nullptr, hosted::memory_size.value(), PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED)
        {
            std::perror("hosted machine: mmap");
            std::abort();
        }
        made->memory = static_cast<std::uint8_t*>(memory);
        return made;
    }();
    return *the;
}

Hosted_core& current_core()
{
    return machine().cores[hosted_core_number];
}

/// The timer's interrupt becomes pending once its time has come, and disarms it.
void look_at_timer(Hosted_core& core)
{
    if (core.deadline && core.deadline->value() <= machine().now.load())
    {
        core.deadline.reset();
        core.interrupt = true;
    }
}

} // namespace

constinit thread_local Core_window* hosted::current_window = &windows[0];

Core_window& core_window_of(Core_id core)
{
    return windows[core.value()];
}

std::uint32_t window_count()
{
    return machine().core_count;
}

std::uint32_t core_count()
{
    return machine().core_count;
}

Node_id node_of(Core_id core)
{
    OVM_REQUIRES_THAT(core.value() < machine().core_count);
    return windows[core.value()].node;
}

void pause() {}

Ticks time_stamp()
{
    auto& the = machine();
    auto const step = the.step.load(std::memory_order_relaxed);
    return Ticks(step == 0 ? the.now.load() : the.now.fetch_add(step) + step);
}

std::uint64_t ticks_per_second()
{
    return hosted_ticks_per_second;
}

bool time_stamp_is_invariant()
{
    return true;
}

Nanoseconds to_nanoseconds(Ticks ticks)
{
    return Nanoseconds(ticks.value());
}

Ticks to_ticks(Nanoseconds duration)
{
    return Ticks(duration.value());
}

std::int64_t boot_wall_clock_seconds()
{
    return 1'767'225'600; // 2026-01-01
}

void kick(Core_id core)
{
    OVM_REQUIRES_THAT(core.value() < machine().core_count);
    std::lock_guard const guard(machine().mutex);
    ++machine().cores[core.value()].kicks;
    machine().cores[core.value()].interrupt = true;
    machine().changed.notify_all();
}

void set_timer(Ticks deadline)
{
    std::lock_guard const guard(machine().mutex);
    current_core().deadline = deadline;
}

void stop_timer()
{
    std::lock_guard const guard(machine().mutex);
    current_core().deadline.reset();
}

void wait_for_interrupt()
{
    std::unique_lock lock(machine().mutex);
    auto& core = current_core();
    machine().changed.wait(lock,
                           [&core]
                           {
                               look_at_timer(core);
                               return core.interrupt;
                           });
    core.interrupt = false;
}

void take_interrupts()
{
    std::lock_guard const guard(machine().mutex);
    look_at_timer(current_core());
    current_core().interrupt = false;
}

std::span<std::uint8_t> physical_bytes(Host_physical at, Bytes size)
{
    Range<Host_physical> const all{Host_physical(0), hosted::memory_size};
    OVM_REQUIRES_THAT(all.contains(at, size));
    return {machine().memory + at.value(), size.value()};
}

Host_physical physical_address(const void* shown)
{
    return Host_physical(static_cast<std::uint64_t>(static_cast<const std::uint8_t*>(shown) - machine().memory));
}

void write_serial(std::string_view text)
{
    std::lock_guard const guard(machine().mutex);
    machine().output[0].append(text);
}

bool serial_present(Serial)
{
    return true;
}

bool try_write_serial(Serial line, std::uint8_t byte)
{
    std::lock_guard const guard(machine().mutex);
    if (machine().output_limit == 0)
        return false;
    --machine().output_limit;
    machine().output[static_cast<std::size_t>(line)].push_back(static_cast<char>(byte));
    return true;
}

void listen_serial(Serial, Serial_receiver& receiver)
{
    machine().receiver = &receiver;
}

void write_screen(std::string_view text)
{
    std::lock_guard const guard(machine().mutex);
    machine().screen.append(text);
}

void mute_screen() {}

void set_crash_sink(Crash_sink&) {}

void set_after_crash(After_crash) {}

std::string_view previous_crash()
{
    return {};
}

std::span<const Free_range> free_memory()
{
    return std::span<const Free_range>(machine().free).first(machine().node_count);
}

void power_off()
{
    std::fputs("hosted machine: power off\n", stderr);
    std::abort();
}

void reset_machine()
{
    std::fputs("hosted machine: reset\n", stderr);
    std::abort();
}

void stop_machine()
{
    std::fputs("hosted machine: stop\n", stderr);
    std::abort();
}

namespace hosted
{

void reset(std::uint32_t cores, std::uint32_t nodes)
{
    OVM_REQUIRES_THAT(cores >= 1 && cores <= max_cores && nodes >= 1 && nodes <= max_nodes);
    auto& the = machine();
    std::lock_guard const guard(the.mutex);
    the.core_count = cores;
    the.node_count = nodes;
    the.now = 0;
    the.step = 0;
    the.output = {};
    the.output_limit = ~std::uint64_t{0};
    the.receiver = nullptr;
    for (std::uint32_t i = 0; i < max_cores; ++i)
    {
        the.cores[i] = {};
        std::destroy_at(&windows[i]);
        std::construct_at(&windows[i]);
        windows[i].core = Core_id(i);
        windows[i].node = Node_id(i < cores ? i * nodes / cores : 0);
    }
    auto const share = (memory_size.value() / nodes) & ~(huge_page_size.value() - 1);
    for (std::uint32_t i = 0; i < nodes; ++i)
    {
        auto const low = i == 0 ? low_memory.value() : 0;
        the.free[i] = {{Host_physical(i * share + low), Bytes(share - low)}, Node_id(i)};
    }
    if (madvise(the.memory, memory_size.value(), MADV_DONTNEED) != 0)
        std::abort();
    hosted_core_number = 0;
    current_window = &windows[0];
}

void become_core(Core_id core)
{
    OVM_REQUIRES_THAT(core.value() < machine().core_count);
    hosted_core_number = core.value();
    current_window = &windows[core.value()];
    core_window().core = core;
}

void set_time(Ticks now)
{
    OVM_REQUIRES_THAT(now.value() >= machine().now.load());
    std::lock_guard const guard(machine().mutex);
    machine().now = now.value();
    machine().changed.notify_all();
}

void advance(Nanoseconds duration)
{
    set_time(Ticks(machine().now.load() + to_ticks(duration).value()));
}

void tick_on_each_look(Ticks step)
{
    machine().step = step.value();
}

std::uint64_t kicks(Core_id core)
{
    std::lock_guard const guard(machine().mutex);
    return machine().cores[core.value()].kicks;
}

std::optional<Ticks> timer(Core_id core)
{
    std::lock_guard const guard(machine().mutex);
    return machine().cores[core.value()].deadline;
}

std::string take_screen_output()
{
    std::lock_guard const guard(machine().mutex);
    return std::exchange(machine().screen, {});
}

std::string take_terminal_output()
{
    std::lock_guard const guard(machine().mutex);
    return std::exchange(machine().output[0], {});
}

std::string take_record_output()
{
    std::lock_guard const guard(machine().mutex);
    return std::exchange(machine().output[1], {});
}

void limit_output(std::uint64_t bytes)
{
    std::lock_guard const guard(machine().mutex);
    machine().output_limit = bytes;
}

void press_key(std::uint8_t byte, Serial line)
{
    if (auto* const receiver = machine().receiver)
        receiver->received(line, byte);
}

} // namespace hosted

} // namespace ovm::arch

namespace ovm
{

void contract_broken(const char* kind, const char* expression, const char* file, int line)
{
    arch::discard_crossing({.kind = arch::Fault::Kind::contract, .line = line, .what = expression, .file = file});
    std::fprintf(stderr, "%s broken: %s at %s:%d\n", kind, expression, file, line);
    std::abort();
}

} // namespace ovm
