// Privileged, system and broken instructions with registers full of traps.
#include "hostile/hostile.hpp"

#include <array>
#include <cstring>

#include "runtime/boot_information.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/lapic.hpp"
#include "runtime/layout.h"
#include "runtime/processor.hpp"

extern "C" void guest_run_bytes(const uint64_t* registers, const void* code, uint64_t flags);

namespace guest::hostile
{
namespace
{
struct Encoding
{
    std::array<uint8_t, 9> bytes;
    uint8_t length;
};

template <class... Bytes>
constexpr Encoding encode(Bytes... bytes)
{
    return {{static_cast<uint8_t>(bytes)...}, sizeof...(bytes)};
}

// Left out: HLT and MWAIT alone, and LGDT, LIDT and LTR, after which no trap could be told: steps of their own below.
constexpr Encoding encodings[] = {
    encode(0x0f, 0x06),                         // CLTS
    encode(0x0f, 0x08),                         // INVD
    encode(0x0f, 0x09),                         // WBINVD
    encode(0xf3, 0x0f, 0x09),                   // WBNOINVD
    encode(0x0f, 0x01, 0x38),                   // INVLPG [RAX]
    encode(0x0f, 0x01, 0xdf),                   // INVLPGA
    encode(0x0f, 0x01, 0xd8),                   // VMRUN
    encode(0x0f, 0x01, 0xd9),                   // VMMCALL
    encode(0x0f, 0x01, 0xda),                   // VMLOAD
    encode(0x0f, 0x01, 0xdb),                   // VMSAVE
    encode(0x0f, 0x01, 0xdc),                   // STGI
    encode(0x0f, 0x01, 0xdd),                   // CLGI
    encode(0x0f, 0x01, 0xde),                   // SKINIT
    encode(0x0f, 0x01, 0xc1),                   // VMCALL
    encode(0x0f, 0x01, 0xc2),                   // VMLAUNCH
    encode(0x0f, 0x01, 0xc3),                   // VMRESUME
    encode(0x0f, 0x01, 0xc4),                   // VMXOFF
    encode(0x0f, 0x01, 0xc8),                   // MONITOR
    encode(0x0f, 0x01, 0xca),                   // CLAC
    encode(0x0f, 0x01, 0xcb),                   // STAC
    encode(0x0f, 0x01, 0xcf),                   // ENCLS
    encode(0x0f, 0x01, 0xd0),                   // XGETBV
    encode(0x0f, 0x01, 0xd1),                   // XSETBV
    encode(0x0f, 0x01, 0xee),                   // RDPKRU
    encode(0x0f, 0x01, 0xef),                   // WRPKRU
    encode(0x0f, 0x01, 0xf8),                   // SWAPGS
    encode(0x0f, 0x01, 0xf9),                   // RDTSCP
    encode(0x0f, 0x01, 0xfa),                   // MONITORX
    encode(0x0f, 0x01, 0xfd),                   // RDPRU
    encode(0x0f, 0x01, 0xfe),                   // INVLPGB
    encode(0x0f, 0x01, 0xff),                   // TLBSYNC
    encode(0x0f, 0x01, 0x00),                   // SGDT [RAX]
    encode(0x0f, 0x01, 0x08),                   // SIDT [RAX]
    encode(0x0f, 0x01, 0x20),                   // SMSW [RAX]
    encode(0x0f, 0x01, 0xf0),                   // LMSW AX
    encode(0x0f, 0x00, 0xd0),                   // LLDT AX
    encode(0x0f, 0x00, 0x00),                   // SLDT [RAX]
    encode(0x0f, 0x00, 0x08),                   // STR [RAX]
    encode(0x0f, 0x00, 0xe0),                   // VERR AX
    encode(0x0f, 0x05),                         // SYSCALL
    encode(0x0f, 0x07),                         // SYSRET
    encode(0x48, 0x0f, 0x07),                   // SYSRETQ
    encode(0x0f, 0x34),                         // SYSENTER
    encode(0x0f, 0x35),                         // SYSEXIT
    encode(0x0f, 0x31),                         // RDTSC
    encode(0x0f, 0x32),                         // RDMSR
    encode(0x0f, 0x33),                         // RDPMC
    encode(0x0f, 0x37),                         // GETSEC
    encode(0x0f, 0xa2),                         // CPUID
    encode(0x0f, 0xaa),                         // RSM
    encode(0x0f, 0x0b),                         // UD2
    encode(0x0f, 0x20, 0xc0),                   // MOV RAX, CR0
    encode(0x0f, 0x20, 0xd0),                   // MOV RAX, CR2
    encode(0x0f, 0x20, 0xc8),                   // MOV RAX, CR1
    encode(0x0f, 0x22, 0xd0),                   // MOV CR2, RAX
    encode(0x44, 0x0f, 0x20, 0xc0),             // MOV RAX, CR8
    encode(0x44, 0x0f, 0x22, 0xc0),             // MOV CR8, RAX
    encode(0x44, 0x0f, 0x22, 0xf8),             // MOV CR15, RAX
    encode(0xf0, 0x0f, 0x22, 0xc0),             // LOCK MOV CR0, RAX: CR8 where it exists
    encode(0x0f, 0x21, 0xf8),                   // MOV RAX, DR7
    encode(0x0f, 0x23, 0xc0),                   // MOV DR0, RAX
    encode(0x0f, 0x23, 0xe0),                   // MOV DR4, RAX
    encode(0x0f, 0x23, 0xf0),                   // MOV DR6, RAX
    encode(0x0f, 0x23, 0xf8),                   // MOV DR7, RAX
    encode(0x0f, 0xae, 0x00),                   // FXSAVE [RAX]
    encode(0x0f, 0xae, 0x08),                   // FXRSTOR [RAX]
    encode(0x0f, 0xae, 0x20),                   // XSAVE [RAX]
    encode(0x0f, 0xae, 0x28),                   // XRSTOR [RAX]
    encode(0x0f, 0xc7, 0x28),                   // XSAVES [RAX]
    encode(0x0f, 0xc7, 0x18),                   // XRSTORS [RAX]
    encode(0x0f, 0xc7, 0x30),                   // VMPTRLD [RAX]
    encode(0xf3, 0x0f, 0xc7, 0x30),             // VMXON [RAX]
    encode(0x48, 0x0f, 0xc7, 0x08),             // CMPXCHG16B [RAX]
    encode(0x0f, 0xc7, 0xf0),                   // RDRAND
    encode(0xf3, 0x48, 0x0f, 0xae, 0xd0),       // WRFSBASE RAX
    encode(0xf3, 0x48, 0x0f, 0xae, 0xd8),       // WRGSBASE RAX
    encode(0x66, 0x0f, 0x38, 0x82, 0x08),       // INVPCID RCX, [RAX]
    encode(0x66, 0x0f, 0x38, 0x80, 0x08),       // INVEPT
    encode(0x0f, 0x78, 0xc8),                   // VMREAD
    encode(0x0f, 0x79, 0xc8),                   // VMWRITE
    encode(0x0f, 0x18, 0x00),                   // PREFETCHNTA [RAX]
    encode(0x0f, 0xae, 0x38),                   // CLFLUSH [RAX]
    encode(0xcc),                               // INT3
    encode(0xf1),                               // INT1
    encode(0xcd, 0x00),                         // INT 0
    encode(0xcd, 0x08),                         // INT 8
    encode(0xcd, 0x80),                         // INT 0x80
    encode(0x8e, 0xd8),                         // MOV DS, AX
    encode(0x8e, 0xe0),                         // MOV FS, AX
    encode(0x0f, 0xb2, 0x20),                   // LSS ESP, [RAX]
    encode(0xff, 0x18),                         // CALL FAR [RAX]
    encode(0xff, 0x28),                         // JMP FAR [RAX]
    encode(0xcb),                               // RETF
    encode(0xf4 ^ 0xf4, 0x00),                  // ADD [RAX], AL
    encode(0xdd, 0x20),                         // FRSTOR [RAX]
    encode(0xdb, 0xe3),                         // FNINIT
    encode(0xc5, 0xfc, 0x28, 0x00),             // VMOVAPS YMM0, [RAX]
    encode(0x62, 0xf1, 0x7c, 0x48, 0x28, 0x00), // VMOVAPS ZMM0, [RAX]
    encode(0xf3, 0xa4),                         // REP MOVSB
    encode(0xf3, 0x6c),                         // REP INSB
    encode(0xf3, 0x6e),                         // REP OUTSB
};

alignas(4096) constinit std::array<std::array<uint8_t, 4096>, OVM_GUEST_MAXIMUM_PROCESSORS> code_pages{};

bool transfers_control(uint8_t second_byte)
{
    return second_byte == 0x05 || second_byte == 0x07 || second_byte == 0x34 || second_byte == 0x35 ||
           second_byte == 0xaa;
}

void run(const uint8_t* bytes, size_t length)
{
    std::array<uint64_t, 15> registers{};
    for (uint64_t& value : registers)
    {
        value = dice().trap_value();
    }
    // A counter that a REP can finish, ports that end nothing (DX), and targets in scratch memory.
    registers[1] = dice().one_in(2) ? dice().below(512) : registers[1];
    registers[1] = bytes[0] == 0xf3 ? registers[1] & 0x1ff : registers[1];
    registers[2] = bytes[1] == 0x6e || bytes[1] == 0x6c ? 0x80 + dice().below(0x10) : registers[2];
    registers[6] = scratch() + dice().below(scratch_bytes / 2);
    uint8_t* code = code_pages[processor_number()].data();
    memcpy(code, bytes, length);
    code[length] = 0xc3;
    const bool free = bytes[0] == 0x0f && !transfers_control(bytes[1]) && dice().one_in(2);
    const Leash leash;
    misdeed([&] { guest_run_bytes(registers.data(), code, free ? 2 : 2 | trap_flag); });
}

/// A control register gets a value that leaves the next instruction executable.
void write_control_register()
{
    const uint64_t value = dice().word() ^ dice().trap_value();
    switch (dice().below(3))
    {
    case 0:
        misdeed([&] { write_cr0((value & 0xffffffffe005ffdf) | 0x80000001); });
        break;
    case 1:
        // With PAE and without LA57, SMEP and SMAP, as the next instruction is fetched in their light.
        misdeed([&] { write_cr4((value & (number_option("bare", 0) != 0 ? 0x7ff : ~uint64_t{0x301000})) | 0x20); });
        break;
    default:
        misdeed([&] { write_cr4(read_cr4() ^ (0x7df & uint64_t{1} << dice().below(12))); });
        break;
    }
}

/// Goes to a frame that means something half of the time: other rings, compatibility mode, flags.
void return_to_anywhere()
{
    static constexpr uint64_t selectors[] = {
        OVM_GUEST_CODE, OVM_GUEST_USER_CODE, OVM_GUEST_CODE32, OVM_GUEST_DATA, 0, 0xfff8, 0x33};
    static constexpr uint64_t stacks[] = {OVM_GUEST_DATA, OVM_GUEST_USER_DATA, 0, OVM_GUEST_CODE, 0xfffc};
    uint8_t* code = code_pages[processor_number()].data();
    memset(code, 0xcc, 64);
    const uint64_t frame[5] = {
        dice().one_in(2) ? reinterpret_cast<uint64_t>(code) + dice().below(32) : dice().trap_value(),
        dice().pick(selectors),
        (dice().word() & 0x3f7fd5 & ~uint64_t{0x200}) | trap_flag,
        scratch() + 0x2000 + dice().below(64),
        dice().pick(stacks),
    };
    const Leash leash;
    misdeed(
        [&]
        {
            asm volatile("pushq %0; pushq %1; pushq %2; pushq %3; pushq %4; iretq"
                         :
                         : "r"(frame[4]), "r"(frame[3]), "r"(frame[2]), "r"(frame[1]), "r"(frame[0])
                         : "memory");
        });
}

void load_descriptor_table()
{
    struct [[gnu::packed]]
    {
        uint16_t limit;
        uint64_t base;
    } const table{static_cast<uint16_t>(dice().word()), dice().trap_value() & 0x7fffffffffff};
    misdeed(
        [&]
        {
            if (dice().one_in(2))
            {
                asm volatile("lgdt %0" : : "m"(table));
            }
            else
            {
                // Nothing may fault until the real table is back.
                asm volatile("lidt %0" : : "m"(table));
            }
        });
}

void halt_until_timer()
{
    // What the other processors' misdeeds have sent may still be in service, one interrupt of each class, and would
    // keep the timer's waiting for ever.
    lapic::enable();
    for (int priority_class = 0; priority_class < 16; ++priority_class)
    {
        lapic::end_interrupt();
    }
    lapic::write(lapic::Register::timer_divide, 0xb);
    lapic::write(lapic::Register::timer, 0xf0);
    lapic::write(lapic::Register::timer_initial_count, 100000);
    misdeed([] { asm volatile("sti; hlt; cli"); });
    lapic::write(lapic::Register::timer, lapic::masked);
    lapic::end_interrupt();
}
} // namespace

void execute_instructions(uint64_t steps)
{
    for (uint64_t step = 0; step < steps; ++step)
    {
        switch (dice().below(16))
        {
        case 0:
            write_control_register();
            break;
        case 1:
            return_to_anywhere();
            break;
        case 2:
            load_descriptor_table();
            break;
        case 3:
            // Never the null selector: QEMU 7.2 accepts it, and stops itself at the next exception.
            misdeed([&] { asm volatile("ltr %w0" : : "r"(dice().trap_value() | 8)); });
            if (dice().one_in(16))
            {
                halt_until_timer();
            }
            break;
        case 4:
        {
            // Prefixes before a system instruction, up to and beyond 15 bytes.
            static constexpr uint8_t prefixes[] = {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x65, 0x48, 0x4f, 0x40};
            std::array<uint8_t, 32> bytes{};
            size_t length = dice().below(15);
            for (size_t index = 0; index < length; ++index)
            {
                bytes[index] = dice().pick(prefixes);
            }
            const Encoding& encoding = encodings[dice().below(std::size(encodings) - 3)];
            memcpy(bytes.data() + length, encoding.bytes.data(), encoding.length);
            run(bytes.data(), length + encoding.length);
            break;
        }
        default:
        {
            const Encoding& encoding = encodings[dice().below(std::size(encodings))];
            run(encoding.bytes.data(), encoding.length);
            break;
        }
        }
    }
}
} // namespace guest::hostile
