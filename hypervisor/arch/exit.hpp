#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/strong.hpp"

/// Why a guest was left, and what passes between it and the floors above: no word of SVM or VT-x.
namespace ovm::arch
{

enum class Register : std::uint8_t
{
    rax,
    rcx,
    rdx,
    rbx,
    rsp,
    rbp,
    rsi,
    rdi,
    r8,
    r9,
    r10,
    r11,
    r12,
    r13,
    r14,
    r15
};
enum class Segment_name : std::uint8_t
{
    es,
    cs,
    ss,
    ds,
    fs,
    gs,
    ldtr,
    tr,
    gdtr,
    idtr
};

/// Attributes in the packed form of a descriptor: type 0-3, S 4, DPL 5-6, P 7, AVL 8, L 9, D/B 10, G 11.
struct Segment
{
    std::uint16_t selector = 0;
    std::uint16_t attributes = 0;
    std::uint32_t limit = 0;
    std::uint64_t base = 0;
};

/// Why the guest was left.
enum class Exit_kind : std::uint8_t
{
    interrupt,        ///< a host interrupt is pending: take_interrupts()
    interrupt_window, ///< the guest can now take the interrupt that was waiting
    cpuid,
    msr_read,  ///< msr
    msr_write, ///< msr, value
    port,      ///< port access
    memory,    ///< nested page fault: memory
    hypercall, ///< VMMCALL or VMCALL
    halt,
    control_register, ///< a write to CR8, or one to CR0 that changes more than TS and MP
    debug_register,   ///< never in the default intercepts
    exception,        ///< vector, error code: one that OVM intercepts (#AC, #DB, #MC)
    shutdown,         ///< triple fault
    task_switch,
    invalidate,          ///< INVD, WBINVD: nothing to do but skip
    set_xcr,             ///< XSETBV: value
    monitor,             ///< MONITOR, MWAIT
    pause,               ///< never in the default intercepts
    performance_counter, ///< RDPMC
    virtualization,      ///< VMRUN, VMLOAD, STGI, ...: the guest gets #UD
    nmi,
    init,
    machine_check,
    invalid_state, ///< the processor refuses this guest state
    unknown,       ///< code, information: an exit nobody knows
};

inline constexpr std::size_t exit_kinds = static_cast<std::size_t>(Exit_kind::unknown) + 1;

/// Its name, for statistics.
constexpr std::string_view to_text(Exit_kind kind)
{
    constexpr std::array<std::string_view, exit_kinds> names{"interrupt",
                                                             "interrupt window",
                                                             "CPUID",
                                                             "MSR read",
                                                             "MSR write",
                                                             "port",
                                                             "memory",
                                                             "hypercall",
                                                             "halt",
                                                             "control register",
                                                             "debug register",
                                                             "exception",
                                                             "shutdown",
                                                             "task switch",
                                                             "cache invalidation",
                                                             "XSETBV",
                                                             "MONITOR or MWAIT",
                                                             "pause",
                                                             "RDPMC",
                                                             "virtualization",
                                                             "NMI",
                                                             "INIT",
                                                             "machine check",
                                                             "invalid state",
                                                             "unknown"};
    return names[static_cast<std::size_t>(kind)];
}

struct Port_exit
{
    std::uint16_t port = 0;
    std::uint8_t size = 1; ///< bytes: 1, 2, 4
    bool in = false;
    bool string = false; ///< INS, OUTS
    bool repeat = false;
    std::uint8_t address_size = 8;
    Segment_name segment = Segment_name::ds;
};

struct Memory_exit
{
    Guest_physical address{};
    bool write = false;
    bool execute = false;
    bool present = false;   ///< rights were missing, rather than an entry
    bool page_walk = false; ///< the access was of the guest's own page-table walk
};

/// Only the fields that the kind names are meaningful; the others may be left over from an earlier exit.
struct Exit
{
    Exit_kind kind = Exit_kind::unknown;
    std::uint8_t vector = 0;                   ///< of an exception
    std::optional<std::uint32_t> error_code{}; ///< of an exception
    bool by_instruction = false;               ///< an exception that INT1 raises: rip still points at that
    std::uint64_t next_rip = 0; ///< where the instruction ends; 0: the processor did not say (always valid)
    std::uint32_t msr = 0;
    std::uint64_t value = 0; ///< written to an MSR, XCR0 or control register
    Port_exit port{};
    Memory_exit memory{};
    std::uint64_t code = 0; ///< the raw exit code, for records (always valid, as the next two)
    std::array<std::uint64_t, 2> information{};
    std::uint64_t rip = 0;
};

/// An event to be delivered at the next entry.
struct Event
{
    enum class Type : std::uint8_t
    {
        interrupt,
        nmi,
        exception,
        software_interrupt
    };
    Type type = Type::interrupt;
    std::uint8_t vector = 0;
    std::optional<std::uint32_t> error_code{};
};

} // namespace ovm::arch
