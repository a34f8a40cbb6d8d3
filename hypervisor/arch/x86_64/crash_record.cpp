#include "arch/x86_64/crash_record.hpp"

#include <array>
#include <atomic>
#include <optional>

#include "arch/core_window.hpp"
#include "arch/crash.hpp"
#include "arch/crash_page.hpp"
#include "arch/crossing.hpp"
#include "arch/exit.hpp"
#include "arch/power.hpp"
#include "arch/processor.hpp"
#include "arch/symbols.hpp"
#include "arch/x86_64/apic.hpp"
#include "arch/x86_64/control.hpp"
#include "arch/x86_64/core_state.hpp"
#include "arch/x86_64/image.hpp"
#include "arch/x86_64/last_watch.hpp"
#include "arch/x86_64/paging.hpp"
#include "arch/x86_64/screen.hpp"
#include "arch/x86_64/trap_names.hpp"

namespace ovm::arch
{

namespace
{

constinit Crash_sink* sink = nullptr;
constinit After_crash after_crash = After_crash::stop;
constinit std::atomic<bool> crashing{false};
constinit std::atomic<bool> stopping{false}; ///< an NMI means: halt
constinit std::atomic<std::uint32_t> crashing_apic{0};
constinit std::string_view previous{};

Crash_page saved_page()
{
    auto const page = image_crash_page();
    return Crash_page({reinterpret_cast<std::uint8_t*>(page.begin.value()), page.size.value()});
}

Symbol_table symbol_table()
{
    auto const range = image_symbols();
    return {Byte_view({reinterpret_cast<const std::uint8_t*>(range.begin.value()), range.size.value()}), image_text()};
}

bool mapped(std::uint64_t at)
{
    auto const canonical = static_cast<std::int64_t>(at << 16) >> 16 == static_cast<std::int64_t>(at);
    return canonical && current_page_tables().find(Host_virtual(at)) != 0;
}

std::optional<std::uint64_t> load(std::uint64_t at)
{
    if (at % 8 != 0 || !mapped(at))
        return {};
    return *reinterpret_cast<const std::uint64_t*>(at);
}

/// A record, line by line, to everywhere it goes.
class Record
{
public:
    Record() { page_.begin(); }

    template <typename... Parts>
    void line(const Parts&... parts)
    {
        Text_writer text(storage_);
        (text << ... << parts);
        finish(text);
    }

    void place(std::string_view before, std::uint64_t at)
    {
        Text_writer text(storage_);
        text << before << Hex{at, 16} << ' ';
        symbol_table().write_place(text, Host_virtual(at));
        finish(text);
    }

    void finish(Text_writer& text)
    {
        page_.append(text.view());
        write_serial(text.view());
        write_serial("\n");
        if (sink != nullptr)
            sink->crash_line(text.view());
    }

    std::span<char> storage() { return storage_; }
    void end() { page_.end(); }

private:
    Crash_page page_ = saved_page();
    std::array<char, 240> storage_{};
};

/// The window is there once the core runs on its own tables.
bool has_window()
{
    return mapped(core_window_at.value());
}

void write_guest(Record& record)
{
    auto const& guest = core_window().guest;
    if (guest.vm == Vm_id(0) || !mapped(reinterpret_cast<std::uint64_t>(guest.exit)))
        return;
    auto const& exit = *guest.exit;
    record.line("guest: VM ", guest.vm.value(), " vcpu ", guest.vcpu.value(), ", last exit ", Hex{exit.code}, " (",
                Hex{exit.information[0]}, ", ", Hex{exit.information[1]}, ") at ", Hex{exit.rip});
}

/// Frame pointers: each points at its caller's, with the return address above.
void write_backtrace(Record& record, std::uint64_t rip, std::uint64_t frame)
{
    record.line("backtrace:");
    record.place("  ", rip);
    for (unsigned depth = 0; depth < 24; ++depth)
    {
        auto const next = load(frame);
        auto const back = load(frame + 8);
        if (!next || !back || *back == 0)
            return;
        record.place("  ", *back);
        if (*next <= frame)
            return;
        frame = *next;
    }
}

/// One core at a time writes a record; who crashes beside it stops, who crashes within it says so.
void enter_crash(const char* what, std::uint64_t rip)
{
    auto const apic_id = local_apic().found() ? local_apic().id() : 0;
    if (crashing.exchange(true))
    {
        if (crashing_apic.load() == apic_id)
        {
            std::array<char, 160> storage{};
            Text_writer text(storage);
            text << "\nOVM crashed again while it wrote its crash record: " << what << " at " << Hex{rip} << '\n';
            write_serial(text.view());
        }
        for (;;)
            asm volatile("cli; hlt");
    }
    crashing_apic = apic_id;
    stop_last_watch();
    stop_other_cores();
    unmute_screen();
    write_serial("\n");
}

[[noreturn]] void leave_crash(Record& record)
{
    record.end();
    if (after_crash == After_crash::reset)
        reset_machine();
    if (sink != nullptr)
        sink->crash_done();
    stop_machine();
}

std::uint64_t core_number()
{
    return has_window() ? this_core().value() : 0;
}

} // namespace

void crash(const Trap_frame& frame)
{
    if (frame.vector == vector::nmi && is_stopping())
    {
        for (;;)
            asm volatile("cli; hlt");
    }
    enter_crash(trap_name(frame.vector), frame.rip);
    Record record;
    auto const core = core_number();
    if (auto const* const check = mapped(frame.rip) ? failed_check(frame.rip) : nullptr;
        check != nullptr && frame.vector == vector::invalid_opcode)
    {
        Text_writer text(record.storage());
        text << "OVM CRASH on core " << core << ": check failed: " << check;
        symbol_table().write_source(text, Host_virtual(frame.rip));
        record.finish(text);
    }
    else
    {
        record.line("OVM CRASH on core ", core, ": ", trap_name(frame.vector), ", error code ", Hex{frame.error});
    }
    if (auto const address = read_cr2(); (frame.vector == vector::double_fault || frame.vector == vector::page_fault) &&
                                         is_guard_page(Host_virtual(address)))
        record.line("cr2 is a guard page: the stack is exhausted");
    record.place("rip ", frame.rip);
    record.line("rsp ", Hex{frame.rsp, 16}, " rflags ", Hex{frame.rflags}, " cs ", Hex{frame.cs}, " ss ",
                Hex{frame.ss});
    record.line("cr0 ", Hex{read_cr0()}, " cr2 ", Hex{read_cr2()}, " cr3 ", Hex{read_cr3()}, " cr4 ", Hex{read_cr4()});
    record.line("rax ", Hex{frame.rax, 16}, " rcx ", Hex{frame.rcx, 16}, " rdx ", Hex{frame.rdx, 16});
    record.line("rbx ", Hex{frame.rbx, 16}, " rbp ", Hex{frame.rbp, 16}, " rsi ", Hex{frame.rsi, 16});
    record.line("rdi ", Hex{frame.rdi, 16}, " r8  ", Hex{frame.r8, 16}, " r9  ", Hex{frame.r9, 16});
    record.line("r10 ", Hex{frame.r10, 16}, " r11 ", Hex{frame.r11, 16}, " r12 ", Hex{frame.r12, 16});
    record.line("r13 ", Hex{frame.r13, 16}, " r14 ", Hex{frame.r14, 16}, " r15 ", Hex{frame.r15, 16});
    if (has_window())
        write_guest(record);
    write_backtrace(record, frame.rip, frame.rbp);
    leave_crash(record);
}

namespace
{

/// A crash that the program itself noticed: nothing of the registers matters but where it was.
[[noreturn, gnu::noinline]] void crash_by_program(std::string_view what, std::string_view why, std::string_view file,
                                                  int line)
{
    auto const rip = reinterpret_cast<std::uint64_t>(__builtin_return_address(0));
    enter_crash("broken contract", rip);
    Record record;
    record.line("OVM CRASH on core ", core_number(), ": ", what, ": ", why);
    if (!file.empty())
        record.line("at ", file, ":", line);
    if (has_window())
        write_guest(record);
    write_backtrace(record, rip, *static_cast<const std::uint64_t*>(__builtin_frame_address(0)));
    leave_crash(record);
}

} // namespace

bool is_stopping()
{
    return stopping.load();
}

void stop_other_cores()
{
    stopping = true;
    if (local_apic().found())
        local_apic().send_nmi_to_others();
}

void set_crash_sink(Crash_sink& to)
{
    sink = &to;
}

void set_after_crash(After_crash action)
{
    after_crash = action;
}

void find_previous_crash()
{
    previous = saved_page().take();
    if (previous.empty())
        return;
    write_serial("OVM: the previous run crashed; its record was kept in memory:\n");
    write_serial(previous);
    write_serial("OVM: end of that record\n");
}

std::string_view previous_crash()
{
    return previous;
}

} // namespace ovm::arch

namespace ovm
{

void contract_broken(const char* kind, const char* expression, const char* file, int line)
{
    arch::discard_crossing({.kind = arch::Fault::Kind::contract,
                            .line = line,
                            .what = expression,
                            .file = file,
                            .at = reinterpret_cast<std::uint64_t>(__builtin_return_address(0))});
    std::array<char, 40> storage{};
    Text_writer what(storage);
    what << kind << " broken";
    arch::crash_by_program(what.view(), expression, file, line);
}

} // namespace ovm

// What libc++ and the language call when a program broke their rules.

_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...)
{
    ovm::arch::crash_by_program("libc++ refuses", format, {}, 0);
}
_LIBCPP_END_NAMESPACE_STD

extern "C"
{

    [[noreturn]] void __cxa_pure_virtual()
    {
        ovm::arch::crash_by_program("pure virtual call", "an object is used while it is made or destroyed", {}, 0);
    }

    [[noreturn]] void __cxa_deleted_virtual()
    {
        ovm::arch::crash_by_program("deleted virtual call", "", {}, 0);
    }

    /// Globals with destructors: none, since the hypervisor never ends.
    int __cxa_atexit(void (*)(void*), void*, void*)
    {
        ovm::arch::crash_by_program("exit handler", "a global has a destructor", {}, 0);
    }

    void* __dso_handle = nullptr;

} // extern "C"

/// Deleting destructors name it; nothing calls them, since nothing is made by new.
void operator delete(void*, std::size_t) noexcept
{
    ovm::arch::crash_by_program("operator delete", "the hypervisor has no such heap", {}, 0);
}

void operator delete(void*) noexcept
{
    ovm::arch::crash_by_program("operator delete", "the hypervisor has no such heap", {}, 0);
}
