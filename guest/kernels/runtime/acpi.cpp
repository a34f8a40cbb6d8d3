#include "runtime/acpi.hpp"

#include <cstring>

#include "runtime/boot_information.hpp"
#include "runtime/layout.h"

namespace guest
{
namespace
{
constexpr uint32_t header_bytes = 36;
constinit std::array<uint32_t, OVM_GUEST_MAXIMUM_PROCESSORS> apic_ids{};

template <class Value>
Value read(uint64_t address)
{
    Value value;
    memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
    return value;
}

bool adds_up_to_zero(uint64_t address, uint64_t bytes)
{
    uint8_t sum = 0;
    for (uint64_t offset = 0; offset < bytes; ++offset)
    {
        sum = static_cast<uint8_t>(sum + read<uint8_t>(address + offset));
    }
    return sum == 0;
}

constexpr uint32_t signature(const char (&text)[5])
{
    return static_cast<uint32_t>(text[0]) | static_cast<uint32_t>(text[1]) << 8 | static_cast<uint32_t>(text[2]) << 16 |
           static_cast<uint32_t>(text[3]) << 24;
}

bool is_root_pointer(uint64_t address)
{
    return read<uint64_t>(address) == 0x2052545020445352 && adds_up_to_zero(address, 20); // "RSD PTR "
}

uint64_t find_root_pointer()
{
    if (boot_information().root_pointer != 0)
    {
        return is_root_pointer(boot_information().root_pointer) ? boot_information().root_pointer : 0;
    }
    for (uint64_t address = 0xe0000; address < 0x100000; address += 16)
    {
        if (is_root_pointer(address))
        {
            return address;
        }
    }
    return 0;
}

std::span<const uint32_t> read_processors(uint64_t table, uint32_t bytes)
{
    size_t count = 0;
    for (uint64_t offset = header_bytes + 8; offset + 2 <= bytes && count < apic_ids.size();)
    {
        const uint64_t entry = table + offset;
        const auto kind = read<uint8_t>(entry);
        const auto size = read<uint8_t>(entry + 1);
        if (kind == 0 && (read<uint32_t>(entry + 4) & 1) != 0)
        {
            apic_ids[count++] = read<uint8_t>(entry + 3);
        }
        else if (kind == 9 && (read<uint32_t>(entry + 8) & 1) != 0)
        {
            apic_ids[count++] = read<uint32_t>(entry + 4);
        }
        offset += size < 2 ? 2 : size;
    }
    return std::span{apic_ids}.first(count);
}
} // namespace

Acpi_facts read_acpi()
{
    Acpi_facts facts{};
    facts.root_pointer = find_root_pointer();
    if (facts.root_pointer == 0)
    {
        return facts;
    }
    facts.found = true;
    const bool extended = read<uint8_t>(facts.root_pointer + 15) >= 2;
    const uint64_t root = extended ? read<uint64_t>(facts.root_pointer + 24) : read<uint32_t>(facts.root_pointer + 16);
    const uint32_t entry_bytes = extended ? 8 : 4;
    const uint32_t root_bytes = read<uint32_t>(root + 4);
    facts.broken_tables += adds_up_to_zero(root, root_bytes) ? 0 : 1;
    for (uint32_t offset = header_bytes; offset + entry_bytes <= root_bytes; offset += entry_bytes)
    {
        const uint64_t table = extended ? read<uint64_t>(root + offset) : read<uint32_t>(root + offset);
        const uint32_t bytes = read<uint32_t>(table + 4);
        facts.broken_tables += adds_up_to_zero(table, bytes) ? 0 : 1;
        switch (read<uint32_t>(table))
        {
        case signature("APIC"):
            facts.apic_ids = read_processors(table, bytes);
            break;
        case signature("FACP"):
            facts.timer_port = static_cast<uint16_t>(read<uint32_t>(table + 76));
            facts.control_port = static_cast<uint16_t>(read<uint32_t>(table + 64));
            if (bytes >= 129 && read<uint8_t>(table + 116) == 1)
            {
                facts.reset_port = static_cast<uint16_t>(read<uint64_t>(table + 120));
            }
            break;
        default:
            break;
        }
    }
    return facts;
}
} // namespace guest
