#include "arch/x86_64/cores.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <string_view>

#include "arch/boot.hpp"
#include "arch/hang.hpp"
#include "arch/processor.hpp"
#include "arch/x86_64/apic.hpp"
#include "arch/x86_64/clock.hpp"
#include "arch/x86_64/control.hpp"
#include "arch/x86_64/core_state.hpp"
#include "arch/x86_64/hang.hpp"
#include "arch/x86_64/machine.hpp"
#include "arch/x86_64/msr.hpp"
#include "arch/x86_64/trap.hpp"

extern "C"
{
    extern const std::uint8_t trampoline_begin[];
    extern const std::uint8_t trampoline_end[];
    // What the trampoline loads for the core that is being started.
    constinit std::uint64_t core_start_root = 0;
    constinit std::uint64_t core_start_stack = 0;
    // The APIC id of the core that may take them; it takes them once, by setting bit 32. Whoever else arrives stays
    // out.
    constinit std::atomic<std::uint64_t> core_start_claim{~std::uint64_t{0}};
}

namespace ovm::arch
{

namespace
{

/// Cores by number; the first `running` run.
struct Core_entry
{
    std::uint32_t apic_id = 0;
    Node_id node{};
    Host_physical root{};
};

constinit std::array<Core_entry, max_cores> entries{};
constinit std::uint32_t known = 1;
constinit std::atomic<std::uint32_t> running{1};
constinit Host_physical trampoline_page{};

// Of the core that is being started: it sets `arrived`; then both compare their counters in rounds.
constinit std::atomic<bool> arrived{false};
constinit std::atomic<std::uint32_t> round_asked{0};
constinit std::atomic<std::uint32_t> round_answered{0};
constinit std::atomic<std::uint64_t> answer{0};
constinit std::atomic<bool> released{false};
constexpr std::uint32_t rounds = 8;

constexpr std::uint64_t nobody_may = ~std::uint64_t{0};

constexpr Nanoseconds microsecond{1'000};
/// What a core that runs does in far less.
constexpr Nanoseconds long_enough = microsecond * 1'000'000;

/// What became of a core that was to start.
enum class Arrival : std::uint8_t
{
    arrived,
    absent, ///< it never took its stack: nobody will
    lost,   ///< it took its stack and then hung
};

/// The highest usable page below 640 KiB: nothing else lives at its end.
Host_physical find_low_page(const Boot_information& information)
{
    Host_physical best{};
    for (auto const& entry : information.memory)
    {
        if (entry.type != Memory_type::usable)
            continue;
        auto const limit = Host_physical(0x9f000) < entry.range.end() ? Host_physical(0x9f000) : entry.range.end();
        auto const page = limit.align_down(page_size);
        if (page.value() >= 0x2000 && page - page_size >= entry.range.begin && page - page_size > best)
            best = page - page_size;
    }
    return best;
}

bool wait_until(const std::atomic<bool>& flag, Nanoseconds patience)
{
    auto const end = time_stamp() + to_ticks(patience);
    while (!flag.load())
    {
        if (time_stamp() > end)
            return false;
        pause();
    }
    return true;
}

bool wait_for(const std::atomic<std::uint32_t>& round, std::uint32_t wanted, Nanoseconds patience)
{
    auto const end = time_stamp() + to_ticks(patience);
    while (round.load() != wanted)
    {
        if (time_stamp() > end)
            return false;
        pause();
    }
    return true;
}

/// Whether each of the other core's readings lies between two of ours; nothing when it answers no more.
std::optional<bool> counters_agree()
{
    bool agree = true;
    for (std::uint32_t i = 1; i <= rounds; ++i)
    {
        auto const before = time_stamp().value();
        round_asked = i;
        if (!wait_for(round_answered, i, long_enough))
            return {};
        auto const after = time_stamp().value();
        agree = agree && before <= answer.load() && answer.load() <= after;
    }
    return agree;
}

Arrival start_core(std::uint32_t number)
{
    auto const& entry = entries[number];
    core_start_root = entry.root.value();
    core_start_stack = core_stack_top(Core_id(number)).value();
    arrived = false;
    released = false;
    round_asked = 0;
    round_answered = 0;
    core_start_claim = entry.apic_id;

    // APM volume 2, 15.27.8 and 16.5: INIT, then STARTUP, once more for a core that slept deeply.
    local_apic().send_init(entry.apic_id);
    delay(microsecond * 200);
    for (unsigned attempt = 0; attempt < 2; ++attempt)
    {
        local_apic().send_startup(entry.apic_id, trampoline_page);
        if (wait_until(arrived, attempt == 0 ? microsecond * 1'000 : microsecond * 200'000))
            return Arrival::arrived;
    }
    // Whether it comes late after all is decided here: it has its stack by now, or never gets one.
    std::uint64_t expected = entry.apic_id;
    if (core_start_claim.compare_exchange_strong(expected, nobody_may))
        return Arrival::absent;
    return wait_until(arrived, long_enough) ? Arrival::arrived : Arrival::lost;
}

void complain(std::uint32_t apic_id, std::string_view how)
{
    std::array<char, 100> storage{};
    Text_writer text(storage);
    text << "OVM: the core with APIC id " << apic_id << how << "\n";
    write_serial(text.view());
}

[[noreturn]] void park()
{
    for (;;)
        asm volatile("cli; hlt");
}

void place_trampoline()
{
    auto const code = physical_bytes(trampoline_page, page_size);
    for (std::size_t i = 0; trampoline_begin + i < trampoline_end; ++i)
        code[i] = trampoline_begin[i];
}

/// The new core waits for `released` when it has arrived.
Arrival bring_up(std::uint32_t number)
{
    auto const arrival = start_core(number);
    auto const agree = arrival == Arrival::arrived ? counters_agree() : std::nullopt;
    if (arrival == Arrival::absent)
        complain(entries[number].apic_id, " does not start");
    else if (!agree)
        complain(entries[number].apic_id, " hangs: no other is started");
    else if (!*agree)
        distrust_time_stamp();
    return arrival == Arrival::arrived && !agree ? Arrival::lost : arrival;
}

} // namespace

void prepare_cores(const Boot_information& information)
{
    auto const& cores = machine_description().cores;
    auto const own = local_apic().id();
    auto const shared = current_page_tables();
    trampoline_page = find_low_page(information);
    bool const can_start = trampoline_page != Host_physical(0);

    auto first = own;
    if (can_start && option(information, "boot-core") == "idle")
    {
        auto const other = std::ranges::find_if(cores, [own](auto const& core) { return core.apic_id != own; });
        first = other != cores.end() ? other->apic_id : own;
    }
    entries[0] = {first, Node_id(0), shared.root()};
    std::uint32_t left_out = machine_description().cores_left_out;
    for (auto const& core : cores)
    {
        if (core.apic_id == first)
        {
            entries[0].node = core.node;
            core_window().node = core.node;
        }
        else if (core.apic_id != own && can_start && known == max_cores)
            ++left_out;
        else if (core.apic_id != own && can_start)
        {
            auto const tables = make_core(Core_id(known), core.node, shared);
            entries[known] = {core.apic_id, core.node, tables.root()};
            ++known;
        }
    }
    if (left_out != 0)
        write_serial("OVM: this machine has more cores than OVM uses (64)\n");
}

bool is_core_0()
{
    return entries[0].apic_id == local_apic().id();
}

void go_on(Host_virtual top, void (*next)())
{
    asm volatile("movq %0, %%rsp\n"
                 "xorl %%ebp, %%ebp\n"
                 "pushq $0\n"
                 "jmp *%1"
                 :
                 : "r"(top.value()), "r"(next)
                 : "memory");
    __builtin_unreachable();
}

void hand_over()
{
    place_trampoline();
    auto const arrival = bring_up(0);
    if (arrival == Arrival::absent)
    {
        entries[0].apic_id = local_apic().id();
        go_on(core_stack_top(Core_id(0)), &run_core_0);
    }
    if (arrival == Arrival::arrived)
        released = true;
    // Not even an NMI for all, which would find core 0's stacks: GIF holds everything off (APM volume 2, 15.17).
    write_msr(Msr::efer, read_msr(Msr::efer) | efer::svm);
    asm volatile("clgi");
    park();
}

void enter_core()
{
    load_core_state();
    local_apic().enable();
    enable_timer();
}

std::uint32_t start_cores()
{
    // Where firmware left the others, and those that OVM does not use, the NMIs that go to all cores might find
    // anything: after INIT a core takes none (APM volume 2, 16.5). INIT for the boot core would reset the computer.
    if (local_apic().is_of_boot_core())
        local_apic().send_init_to_others();
    if (known > 1)
        place_trampoline();
    // A core that does not come leaves its number, and what was made for it, to the next one. One that hangs with them
    // keeps them for ever; as numbers have no holes, no other core is started then.
    for (std::uint32_t i = 1; i < known; ++i)
    {
        auto const number = running.load();
        entries[number].apic_id = entries[i].apic_id;
        entries[number].node = entries[i].node;
        auto const arrival = bring_up(number);
        if (arrival == Arrival::absent)
            continue;
        if (arrival == Arrival::lost)
            break;
        running = number + 1;
        released = true;
    }
    return running.load();
}

/// Where the trampoline enters, on the new core's own tables and stack.
extern "C" [[noreturn]] void core_start()
{
    enter_core();
    core_window().node = node_of(this_core());
    arrived = true;
    // Its patience outlasts that of the core that starts it.
    for (std::uint32_t i = 1; i <= rounds; ++i)
    {
        if (!wait_for(round_asked, i, long_enough * 4))
            park();
        answer = time_stamp().value();
        round_answered = i;
    }
    if (!wait_until(released, long_enough * 4))
        park();
    if (this_core() == Core_id(0))
        run_core_0();
    boot::core_main(this_core());
    park();
}

std::uint32_t core_count()
{
    return running.load(std::memory_order_relaxed);
}

Node_id node_of(Core_id core)
{
    OVM_REQUIRES_THAT(core.value() < known);
    return entries[core.value()].node;
}

void kick(Core_id core)
{
    OVM_REQUIRES_THAT(core.value() < known);
    local_apic().send(entries[core.value()].apic_id, vector::kick);
}

void interrupt_hanging(Core_id core, std::uint64_t epoch)
{
    OVM_REQUIRES_THAT(core.value() < known);
    expect_hang_wishes();
    note_wish(core, epoch);
    local_apic().send_nmi(entries[core.value()].apic_id);
}

void wait_for_interrupt()
{
    // STI lets nothing in before the next instruction is done: what is pending already ends the HLT.
    asm volatile("sti; hlt; cli" : : : "memory");
}

void take_interrupts()
{
    asm volatile("sti; nop; cli" : : : "memory");
}

} // namespace ovm::arch
