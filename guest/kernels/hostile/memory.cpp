// Page tables that point anywhere, and every kind of access to where no memory is.
#include "hostile/hostile.hpp"

#include <array>
#include <cstring>

#include "runtime/boot_information.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/layout.h"
#include "runtime/processor.hpp"

extern "C" uint64_t guest_page_table[];

namespace guest::hostile
{
namespace
{
constexpr size_t table_entries = 512;
using Page_table = std::array<uint64_t, table_entries>;

alignas(4096) constinit std::array<std::array<Page_table, 4>, OVM_GUEST_MAXIMUM_PROCESSORS> bent_tables{};

/// An entry with random rights that names RAM, a hole, a device, itself, or has reserved bits set.
uint64_t bent_entry(const Page_table& self)
{
    const uint64_t rights = (dice().word() & 0xfff) | (dice().one_in(4) ? 0 : 1);
    switch (dice().below(6))
    {
    case 0:
        return (reinterpret_cast<uint64_t>(&self) & ~uint64_t{0xfff}) | rights;
    case 1:
        return (dice().trap_value() & ~uint64_t{0xfff}) | rights;
    case 2:
        return 0xfee00000 | rights;
    case 3:
        return (end_of_ram() + (dice().below(16) << 12)) | rights;
    case 4:
        return dice().word();
    default:
        return ((dice().word() & 0xffffffffff) & ~uint64_t{0xfff}) | rights;
    }
}

/// Executes what is at the address, on a leash.
void call(uint64_t address)
{
    const Leash leash;
    asm volatile("pushq %1; popfq; call *%0; pushq $2; popfq"
                 :
                 : "b"(address), "i"(2 | trap_flag)
                 : "memory", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
}

void touch(uint64_t address)
{
    auto* byte = reinterpret_cast<volatile uint8_t*>(address);
    switch (dice().below(4))
    {
    case 0:
        *byte = 1;
        break;
    case 1:
        call(address);
        break;
    default:
        static_cast<void>(*byte);
        break;
    }
}

/// One access in one of many encodings, most of which a hypervisor has to decode.
void access(uint64_t address)
{
    uint64_t value = dice().word();
    switch (dice().below(26))
    {
    case 0:
        asm volatile("movb %b0, (%1)" : : "q"(value), "r"(address) : "memory");
        break;
    case 1:
        asm volatile("movw %w0, (%1)" : : "r"(value), "r"(address) : "memory");
        break;
    case 2:
        asm volatile("movl %k0, (%1)" : : "r"(value), "r"(address) : "memory");
        break;
    case 3:
        asm volatile("movq %0, (%1)" : : "r"(value), "r"(address) : "memory");
        break;
    case 4:
        asm volatile("movl $0x12345678, 4(%0)" : : "r"(address) : "memory");
        break;
    case 5:
        asm volatile("movzbl (%1), %k0" : "=r"(value) : "r"(address) : "memory");
        break;
    case 6:
        asm volatile("movswq (%1), %0" : "=r"(value) : "r"(address) : "memory");
        break;
    case 7:
        asm volatile("andl %k0, (%1)" : : "r"(value), "r"(address) : "memory");
        break;
    case 8:
        asm volatile("lock orq %0, (%1)" : : "r"(value), "r"(address) : "memory");
        break;
    case 9:
        asm volatile("xorb $1, (%0)" : : "r"(address) : "memory");
        break;
    case 10:
        asm volatile("testl %k0, (%1)" : : "r"(value), "r"(address) : "memory", "cc");
        break;
    case 11:
        asm volatile("cmpw $7, (%0)" : : "r"(address) : "memory", "cc");
        break;
    case 12:
        asm volatile("xchgl %k0, (%1)" : "+r"(value) : "r"(address) : "memory");
        break;
    case 13:
        asm volatile("lock cmpxchgq %0, (%1)" : : "r"(value), "r"(address) : "memory", "rax");
        break;
    case 14:
        asm volatile("lock xaddl %k0, (%1)" : "+r"(value) : "r"(address) : "memory");
        break;
    case 15:
        asm volatile("incl (%0)" : : "r"(address) : "memory");
        break;
    case 16:
        asm volatile("pushq (%0); popq (%0)" : : "r"(address) : "memory");
        break;
    case 17:
        asm volatile("btsl $3, (%0)" : : "r"(address) : "memory");
        break;
    case 18:
        asm volatile("fxsave (%0)" : : "r"(address & ~uint64_t{15}) : "memory");
        break;
    case 19:
        asm volatile("movups %%xmm0, (%0)" : : "r"(address) : "memory");
        break;
    case 20:
        asm volatile("lgdt (%0)" : : "r"(address) : "memory");
        break;
    case 21:
        call(address);
        break;
    case 22:
        asm volatile("movq %%rsp, %%r12; movq %0, %%rsp; pushq $1; movq %%r12, %%rsp"
                     :
                     : "r"(address)
                     : "memory", "r12");
        break;
    case 23:
    {
        uint64_t count = 1 + dice().below(40);
        asm volatile("rep stosl" : "+D"(address), "+c"(count) : "a"(value) : "memory");
        break;
    }
    case 24:
    {
        uint64_t count = 1 + dice().below(40);
        uint64_t target = scratch();
        asm volatile("rep movsb" : "+S"(address), "+D"(target), "+c"(count) : : "memory");
        break;
    }
    default:
    {
        uint64_t count = 1 + dice().below(40);
        uint64_t source = scratch();
        asm volatile("rep movsw" : "+D"(address), "+S"(source), "+c"(count) : : "memory");
        break;
    }
    }
}
} // namespace

void bend_page_tables(uint64_t steps)
{
    auto& mine = bent_tables[processor_number()];
    for (uint64_t step = 0; step < steps; ++step)
    {
        // The first entry keeps code, stacks and tables where they are; all others are bent.
        for (Page_table& table : mine)
        {
            for (size_t index = 0; index < 8; ++index)
            {
                table[dice().below(table_entries)] = bent_entry(table);
            }
        }
        mine[0][0] = guest_page_table[0];
        const uint64_t top = 1 + dice().below(table_entries - 1);
        for (size_t level = 0; level + 1 < mine.size() && dice().one_in(2); ++level)
        {
            mine[level][level == 0 ? top : 0] = reinterpret_cast<uint64_t>(mine[level + 1].data()) | 7;
        }
        const uint64_t sign = top >= 256 ? 0xffff000000000000 : 0;
        misdeed(
            [&]
            {
                write_cr3(reinterpret_cast<uint64_t>(mine[0].data()) | (dice().word() & 0x18));
                touch(sign | top << 39 | (dice().one_in(2) ? 0 : dice().word() & 0x7fffffffff));
            });
    }
}

void touch_holes(uint64_t steps)
{
    const uint64_t ends[] = {end_of_ram(), 0xa0000,    0xfec00000, 0xfed00000, 0xfee00000,
                             0xfee00fff,   0xfffffff0, 0xe0000000, 0xb0000000};
    for (uint64_t step = 0; step < steps; ++step)
    {
        const uint64_t end = dice().pick(ends);
        // The video hole's lower edge is RAM, and the trampoline's page below it is not worth keeping.
        const uint64_t address = end + dice().below(0x1000) - (end == end_of_ram() ? dice().below(16) : 0);
        // The interrupt command register would reset the other processors: see `end=init`.
        if ((address & ~uint64_t{0xff}) == 0xfee00300 || (address >= 0xfffc0000 && number_option("bare", 0) != 0))
        {
            continue;
        }
        misdeed([&] { access(address); });
    }
}
} // namespace guest::hostile
