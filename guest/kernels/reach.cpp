// Looks for anything behind guest-physical addresses that are not this machine's RAM, over the
// whole physical address space, by reading and by writing. `passes=N` random probes (default 20000),
// `dirty=N` fails when more than N pages of unused RAM were handed over with something in them.
#include "runtime/acpi.hpp"
#include "runtime/boot_information.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/print.hpp"
#include "runtime/processor.hpp"
#include "runtime/processors.hpp"

extern "C" uint64_t guest_page_table[];

namespace guest
{
namespace
{
constexpr uint64_t large_page = 1 << 21;
constexpr uint64_t window = uint64_t{1} << 39; // the second top-level entry

alignas(4096) constinit std::array<uint64_t, 512> window_pointers{};
alignas(4096) constinit std::array<uint64_t, 512> window_directory{};
constinit uint64_t random_state = 0;
constinit uint64_t probes = 0;
constinit uint64_t exceptions = 0;
constinit uint64_t ones = 0;
constinit uint64_t zeros = 0;

uint64_t random_word()
{
    random_state += 0x9e3779b97f4a7c15;
    uint64_t word = random_state;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

/// Where the 2 MiB around a guest-physical address can be touched.
uint64_t map(uint64_t physical)
{
    window_directory[0] = (physical & ~(large_page - 1)) | 0x83;
    asm volatile("invlpg (%0)" : : "r"(window) : "memory");
    return window + (physical & (large_page - 1));
}

/// What the memory map names is this machine's own; devices answer as they like.
bool is_own(uint64_t address)
{
    constexpr uint64_t devices = 0xfec00000;
    if (address + 8 > devices && address < 0xff000000)
    {
        return true;
    }
    for (const Memory_range& range : boot_information().memory)
    {
        if (address + 8 > range.address && address < range.address + range.bytes)
        {
            return true;
        }
    }
    return address < 0x100000;
}

void probe(uint64_t address)
{
    if (is_own(address))
    {
        return;
    }
    ++probes;
    const uint64_t virtual_address = map(address);
    uint64_t before = 0;
    uint64_t after = 0;
    const int vector = attempt(
        [&]
        {
            auto* word = reinterpret_cast<volatile uint64_t*>(virtual_address);
            before = *word;
            *word = 0x5ec2e75ec2e75ec2;
            after = *word;
        });
    if (vector != no_exception)
    {
        ++exceptions;
        return;
    }
    if (before != after || (before != 0 && before != ~uint64_t{0}))
    {
        fail("something answers at ", Hex{address}, ": ", Hex{before}, ", after a write ", Hex{after});
    }
    ones += before != 0 ? 1 : 0;
    zeros += before == 0 ? 1 : 0;
}

void probe_all(uint64_t limit)
{
    for (uint64_t address = 0; address < (uint64_t{6} << 30); address += large_page)
    {
        probe(address);
        probe(address + large_page - 8);
    }
    for (uint32_t bit = 20; (uint64_t{1} << bit) < limit; ++bit)
    {
        for (const uint64_t offset : {uint64_t{0}, uint64_t{0x1000}, large_page})
        {
            probe((uint64_t{1} << bit) + offset);
            probe((uint64_t{1} << bit) - offset - 8);
        }
    }
    for (const Memory_range& range : boot_information().memory)
    {
        if (range.address + range.bytes < limit)
        {
            probe(range.address + range.bytes);
        }
        if (range.address >= 8)
        {
            probe(range.address - 8);
        }
    }
    const uint64_t passes = number_option("passes", 20000);
    for (uint64_t pass = 0; pass < passes; ++pass)
    {
        probe((random_word() & (limit - 1)) >> (random_word() % 20) & ~uint64_t{7});
    }
}

/// Memory that nobody here has written yet must come empty.
uint64_t count_dirty_pages()
{
    uint64_t dirty = 0;
    for (const Memory_range& range : boot_information().memory)
    {
        const uint64_t first = range.address < image_end() ? (image_end() + 0xfff) & ~uint64_t{0xfff} : range.address;
        for (uint64_t page = first; range.type == 1 && page + 4096 <= range.address + range.bytes; page += 4096)
        {
            const auto* words = reinterpret_cast<const volatile uint64_t*>(map(page));
            for (uint32_t index = 0; index < 512; ++index)
            {
                if (words[index] != 0)
                {
                    ++dirty;
                    break;
                }
            }
        }
    }
    return dirty;
}
} // namespace

uint32_t guest_main()
{
    random_state = number_option("seed", 1);
    guest_page_table[1] = reinterpret_cast<uint64_t>(window_pointers.data()) | 3;
    window_pointers[0] = reinterpret_cast<uint64_t>(window_directory.data()) | 3;
    const uint64_t dirty = count_dirty_pages();
    print_line("reach: ", dirty, " pages of unused RAM were not empty");
    if (dirty > number_option("dirty", ~uint64_t{0}))
    {
        fail("memory was handed over with something in it");
    }
    const uint32_t bits = cpuid(0x80000008).eax & 0xff;
    probe_all(uint64_t{1} << bits);
    print_line("reach: ", probes, " probes below 2^", bits, ": ", exceptions, " exceptions, ", ones, " all ones, ",
               zeros, " zero");
    print_line("nothing is there");
    return 0;
}
} // namespace guest
