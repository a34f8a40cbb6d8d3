#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

/// What the instruction decoder says about one instruction. "APM" is the AMD64 Architecture
/// Programmer's Manual, volume 3 unless another is named.
namespace ovm::arch::instruction
{

/// The size of code that the processor is executing (APM volume 2, 4.7 "Legacy Segment Descriptors": CS.D and CS.L).
/// `real16` stands for real and virtual-8086 mode: there VEX, EVEX and XOP do not exist.
enum class Mode : uint8_t
{
    real16,
    protected16,
    protected32,
    long64,
};

/// In the order of the `reg` field that names them (APM 1.4.1 "ModRM Byte Format").
enum class Segment_register : uint8_t
{
    es,
    cs,
    ss,
    ds,
    fs,
    gs,
};

/// General-purpose registers by number; r8 to r15 go by their numbers.
enum class General_register : uint8_t
{
    rax,
    rcx,
    rdx,
    rbx,
    rsp,
    rbp,
    rsi,
    rdi,
};

/// The instructions whose operands are decoded; `other` has a length, its opcode and its memory operand only.
enum class Operation : uint8_t
{
    other,
    // Data movement and arithmetic: what a driver does to a device register.
    mov,
    movzx,
    movsx,
    movsxd,
    movbe,
    movnti,
    xchg,
    xadd,
    cmpxchg,
    cmpxchg8b, ///< operand size 8; with REX.W it is CMPXCHG16B, operand size 16
    add,
    adc,
    sub,
    sbb,
    logical_and,
    logical_or,
    logical_xor,
    logical_not,
    neg,
    inc,
    dec,
    cmp,
    test,
    bt,
    bts,
    btr,
    btc,
    // String instructions: destination ES:rDI, source segment:rSI.
    movs,
    stos,
    lods,
    cmps,
    scas,
    ins,
    outs,
    // Ports.
    in,
    out,
    // System registers.
    mov_control,
    mov_debug,
    lmsw,
    smsw,
    clts,
    lgdt,
    lidt,
    sgdt,
    sidt,
    lldt,
    ltr,
    sldt,
    str,
    rdmsr,
    wrmsr,
    xsetbv,
    xgetbv,
    // Time and waiting.
    rdtsc,
    rdtscp,
    rdpmc,
    rdpru,
    pause,
    hlt,
    monitor,
    mwait,
    monitorx,
    mwaitx,
    // Identification, caches, translations.
    cpuid,
    invd,
    wbinvd, ///< also WBNOINVD, which differs by its F3 prefix only
    invlpg,
    invlpga,
    invpcid,
    // Interrupts and flags.
    int1,
    int3,
    int_n,
    into,
    iret,
    cli,
    sti,
    pushf,
    popf,
    rsm,
    nop,
    ud2,
    // Virtualization.
    vmmcall,
    vmcall,
    vmrun,
    vmload,
    vmsave,
    stgi,
    clgi,
    skinit,
};

/// Where the opcode byte is looked up (APM appendix A).
enum class Opcode_map : uint8_t
{
    one_byte,
    two_byte, ///< 0F
    map_0f38,
    map_0f3a,
    now_3d, ///< 0F 0F; the opcode is the immediate byte
    vex,
    evex,
    xop,
};

/// Invariant: `lock`, `rep` and `repne` say which prefix bytes are there, also where they mean nothing.
/// `rep` and `repne` exclude each other: the last one counts.
struct Prefixes
{
    bool lock{false};
    bool rep{false};
    bool repne{false};

    /// In 64-bit code only FS and GS: the others are ignored there (APM 1.2.4).
    std::optional<Segment_register> segment{};

    friend constexpr bool operator==(const Prefixes&, const Prefixes&) = default;
};

struct Operand
{
    enum class Kind : uint8_t
    {
        none,
        general,            ///< register `number`; with `high_byte` bits 8 to 15 of it
        memory,             ///< Decoded::memory
        string_destination, ///< ES:rDI
        immediate,          ///< Decoded::immediate
        segment,            ///< Segment_register{number}
        control,            ///< CR`number`
        debug,              ///< DR`number`
    };

    Kind kind{Kind::none};
    uint8_t number{0};
    uint8_t size{0}; ///< bytes
    bool high_byte{false};

    /// For proofs: whether there is such a register.
    [[nodiscard]] constexpr bool exists() const
    {
        if (kind == Kind::segment)
            return number <= std::to_underlying(Segment_register::gs);
        if (kind == Kind::control)
            return number == 0 || (number >= 2 && number <= 4) || number == 8;
        return number < 16 && (!high_byte || (size == 1 && number < 4));
    }

    friend constexpr bool operator==(const Operand&, const Operand&) = default;
};

/// An effective address before its registers are read (APM volume 1, 2.2.4 "Effective Addresses").
struct Memory_operand
{
    std::optional<uint8_t> base{}; ///< general-purpose register, 0 to 15
    std::optional<uint8_t> index{};
    uint8_t scale{1};
    bool rip_relative{false};
    Segment_register segment{Segment_register::ds}; ///< with the override applied
    int64_t displacement{0};

    /// For proofs: whether there are such registers.
    [[nodiscard]] constexpr bool exists() const
    {
        return base.value_or(0) < 16 && index.value_or(0) < 16 && index != std::to_underlying(General_register::rsp) &&
               (scale == 1 || scale == 2 || scale == 4 || scale == 8) && segment <= Segment_register::gs;
    }

    friend constexpr bool operator==(const Memory_operand&, const Memory_operand&) = default;
};

/// No instruction is longer (APM 1.1 "Instruction Encoding Overview").
inline constexpr uint8_t maximum_length = 15;

/// One decoded instruction.
/// Invariant: 1 <= length <= maximum_length. `memory` is meaningful if `has_memory`; that is never set for VEX, EVEX
/// and XOP. The immediate is extended as the instruction demands and truncated to the operand size, so that it can be
/// used as a value of that size; displacements of branches are sign-extended to 64 bits, of far pointers it is the
/// offset.
struct Decoded
{
    uint8_t length{0};
    Operation operation{Operation::other};
    uint8_t operand_size{0}; ///< bytes of the data moved or computed: 1, 2, 4, 8; 16 for CMPXCHG16B
    uint8_t address_size{0}; ///< bytes: 2, 4, 8
    Opcode_map map{Opcode_map::one_byte};
    uint8_t opcode{0};
    uint8_t modrm{0}; ///< zero if there is none
    bool has_memory{false};
    Prefixes prefixes{};
    Operand destination{};
    Operand source{};
    Memory_operand memory{};
    uint64_t immediate{0};

    /// Whether it ends within that many bytes.
    constexpr bool lies_in(std::size_t bytes) const
    {
        return length >= 1 && length <= maximum_length && length <= bytes;
    }

    /// For proofs: whether everything that is named is one of those that there are, and prefixes are where they may be.
    [[nodiscard]] constexpr bool is_sound() const
    {
        return destination.exists() && source.exists() && memory.exists() && operand_size != 0 && operand_size <= 16 &&
               (address_size == 2 || address_size == 4 || address_size == 8) &&
               (!has_memory || map < Opcode_map::vex) && !(prefixes.rep && prefixes.repne) &&
               (!prefixes.lock || destination.kind == Operand::Kind::memory || operation == Operation::mov_control);
    }

    friend constexpr bool operator==(const Decoded&, const Decoded&) = default;
};

enum class Decode_error : uint8_t
{
    truncated, ///< more bytes are needed
    too_long,  ///< would be longer than 15 bytes: #GP
    invalid,   ///< no instruction: #UD
};

} // namespace ovm::arch::instruction
