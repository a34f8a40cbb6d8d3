#include "arch/acpi/records.hpp"

namespace ovm::arch
{

namespace
{

/// Calls `visit(type, record)` for each record of a table, from `first` on; stops where a length makes no sense.
template <typename Visit>
void for_each_record(Byte_view table, std::size_t first, Visit visit)
{
    for (std::size_t offset = first; offset + 2 <= table.size();)
    {
        std::size_t const size = table.load8(offset + 1);
        if (size < 2 || size > table.size() - offset)
            return;
        visit(table.load8(offset), table.part(offset, size));
        offset += size;
    }
}

void add_core(std::uint32_t apic_id, Acpi_information& into)
{
    for (auto const& core : into.cores)
    {
        if (core.apic_id == apic_id)
            return;
    }
    if (!into.cores.push_back({apic_id, Node_id(0)}).has_value())
        ++into.cores_left_out;
}

Acpi_override override_of(Byte_view record)
{
    auto const flags = record.load16(8);
    return {record.load8(3), record.load32(4), (flags & 3) == 3, ((flags >> 2) & 3) == 3};
}

/// A register given as a generic address, or by an old port field when that is empty.
Acpi_register register_at(Byte_view table, std::size_t generic, std::size_t port)
{
    if (generic + 12 <= table.size() && table.load64(generic + 4) != 0)
    {
        auto const space = table.load8(generic);
        if (space == 0)
            return {Acpi_register::Space::memory, table.load64(generic + 4)};
        if (space == 1 && table.load64(generic + 4) <= 0xffff)
            return {Acpi_register::Space::port, table.load64(generic + 4)};
    }
    if (port != 0 && table.load32(port) != 0 && table.load32(port) <= 0xffff)
        return {Acpi_register::Space::port, table.load32(port)};
    return {};
}

} // namespace

void read_madt(Byte_view table, Acpi_information& into)
{
    constexpr std::uint32_t enabled = 1;
    into.local_apic = Host_physical(table.load32(36));
    for_each_record(table, 44,
                    [&into](std::uint8_t type, Byte_view record)
                    {
                        if (type == 0 && record.size() >= 8 && (record.load32(4) & enabled) != 0)
                            add_core(record.load8(3), into);
                        else if (type == 9 && record.size() >= 16 && (record.load32(8) & enabled) != 0)
                            add_core(record.load32(4), into);
                        else if (type == 1 && record.size() >= 12)
                            static_cast<void>(
                                into.io_apics.push_back({Host_physical(record.load32(4)), record.load32(8)}));
                        else if (type == 2 && record.size() >= 10)
                            static_cast<void>(into.overrides.push_back(override_of(record)));
                        else if (type == 5 && record.size() >= 12)
                            into.local_apic = Host_physical(record.load64(4));
                    });
}

void read_srat(Byte_view table, Affinity& into)
{
    constexpr std::uint32_t enabled = 1;
    for_each_record(table, 48,
                    [&into](std::uint8_t type, Byte_view record)
                    {
                        if (type == 0 && record.size() >= 16 && (record.load32(4) & enabled) != 0)
                        {
                            auto const high = record.load32(8) & 0xffff'ff00;
                            static_cast<void>(into.cores.push_back({record.load8(3), high | record.load8(2)}));
                        }
                        else if (type == 2 && record.size() >= 24 && (record.load32(12) & enabled) != 0)
                        {
                            static_cast<void>(into.cores.push_back({record.load32(8), record.load32(4)}));
                        }
                        else if (type == 1 && record.size() >= 40 && (record.load32(28) & enabled) != 0)
                        {
                            auto const begin = record.load64(8);
                            auto const size = record.load64(16);
                            if (size != 0 && begin + size > begin)
                                static_cast<void>(
                                    into.memory.push_back({{Host_physical(begin), Bytes(size)}, record.load32(2)}));
                        }
                    });
}

Host_physical read_fadt(Byte_view table, Acpi_information& into)
{
    constexpr std::uint32_t timer_is_32_bits = 1u << 8;
    constexpr std::uint32_t has_reset = 1u << 10;
    auto const flags = table.load32(112);
    into.pm_timer = register_at(table, 208, 76);
    into.pm_timer_is_32_bits = (flags & timer_is_32_bits) != 0;
    into.century = table.load8(108) < 128 ? table.load8(108) : std::uint8_t{0};
    if ((flags & has_reset) != 0)
    {
        into.reset = register_at(table, 116, 0);
        into.reset_value = table.load8(128);
    }
    Acpi_sleep sleep;
    sleep.control_a = register_at(table, 172, 64);
    sleep.control_b = register_at(table, 184, 68);
    sleep.enable_port = table.load32(48) <= 0xffff ? table.load16(48) : std::uint16_t{0};
    sleep.enable_value = table.load8(52);
    if (sleep.control_a.space != Acpi_register::Space::none)
        into.power_off = sleep;
    auto const wide = table.load64(140);
    return Host_physical(wide != 0 ? wide : table.load32(40));
}

void read_hpet(Byte_view table, Acpi_information& into)
{
    auto const registers = register_at(table, 40, 0);
    if (registers.space == Acpi_register::Space::memory && into.event_timer == Host_physical(0))
        into.event_timer = Host_physical(registers.address);
}

void apply(const Affinity& affinity, Acpi_information& into)
{
    Static_vector<std::uint32_t, max_nodes> domains;
    auto const node_of_domain = [&domains](std::uint32_t domain)
    {
        for (std::uint32_t i = 0; i < domains.size(); ++i)
        {
            if (domains[i] == domain)
                return Node_id(i);
        }
        if (!domains.push_back(domain).has_value())
            return Node_id(0);
        return Node_id(static_cast<std::uint32_t>(domains.size() - 1));
    };
    for (auto const& memory : affinity.memory)
        static_cast<void>(into.memory.push_back({memory.range, node_of_domain(memory.domain)}));
    for (auto& core : into.cores)
    {
        for (auto const& entry : affinity.cores)
        {
            if (entry.apic_id == core.apic_id)
                core.node = node_of_domain(entry.domain);
        }
    }
    into.node_count = domains.empty() ? 1 : static_cast<std::uint32_t>(domains.size());
}

std::optional<std::array<std::uint8_t, 2>> find_soft_off(Byte_view aml)
{
    constexpr std::uint8_t name_op = 0x08;
    constexpr std::uint8_t package_op = 0x12;
    constexpr std::uint8_t byte_prefix = 0x0a;
    for (std::size_t at = 1; at + 8 <= aml.size(); ++at)
    {
        if (!aml.part(at, 4).starts_with("_S5_"))
            continue;
        bool const named =
            aml.load8(at - 1) == name_op || (at >= 2 && aml.load8(at - 1) == '\\' && aml.load8(at - 2) == name_op);
        if (!named || aml.load8(at + 4) != package_op)
            continue;
        // PkgLength: the two high bits of its first byte count the bytes that follow; then NumElements.
        std::size_t next = at + 5;
        next += 1 + (aml.load8(next) >> 6);
        if (aml.load8(next) < 1)
            continue;
        auto const elements = aml.load8(next);
        ++next;
        std::array<std::uint8_t, 2> types{};
        bool good = true;
        for (std::size_t i = 0; i < 2 && i < elements; ++i)
        {
            if (aml.load8(next) == byte_prefix)
                ++next;
            else if (aml.load8(next) > 1)
                good = false;
            good = good && next < aml.size() && aml.load8(next) <= 7;
            types[i] = aml.load8(next);
            ++next;
        }
        if (good)
            return types;
    }
    return {};
}

} // namespace ovm::arch
