#pragma once

#include "arch/acpi/acpi.hpp"

/// One table each; inside the tables, records whose lengths are not trusted.
namespace ovm::arch
{

/// SRAT's domains are sparse numbers; nodes are dense, in the order in which memory names them.
struct Affinity
{
    struct Core
    {
        std::uint32_t apic_id = 0;
        std::uint32_t domain = 0;
    };
    struct Memory
    {
        Range<Host_physical> range{};
        std::uint32_t domain = 0;
    };
    Static_vector<Core, max_cores + 1> cores{};
    Static_vector<Memory, 64> memory{};
};

void read_madt(Byte_view table, Acpi_information& into);
void read_srat(Byte_view table, Affinity& into);
/// Returns where the DSDT is.
Host_physical read_fadt(Byte_view table, Acpi_information& into);
/// The HPET's own table (IA-PC HPET 1.0a, 3.2.4).
void read_hpet(Byte_view table, Acpi_information& into);
void apply(const Affinity& affinity, Acpi_information& into);

} // namespace ovm::arch
