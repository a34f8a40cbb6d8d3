// Prints how it was booted, what memory it was given and what it can see of the machine.
#include "runtime/acpi.hpp"
#include "runtime/boot_information.hpp"
#include "runtime/print.hpp"
#include "runtime/processor.hpp"
#include "runtime/processors.hpp"

namespace guest
{
namespace
{
void print_identity(uint32_t leaf)
{
    const Cpuid_result result = cpuid(leaf);
    lock_line();
    print("cpuid ");
    print(Hex{leaf});
    print(" maximum ");
    print(Hex{result.eax});
    print(" \"");
    for (const uint32_t part : {result.ebx, leaf == 0 ? result.edx : result.ecx, leaf == 0 ? result.ecx : result.edx})
    {
        for (int shift = 0; shift < 32; shift += 8)
        {
            const char character = static_cast<char>(part >> shift);
            print(character >= ' ' && character <= '~' ? character : '.');
        }
    }
    print("\"\n");
    unlock_line();
}

void print_boot(const Boot_information& boot)
{
    print_line("protocol ", boot.protocol == Boot_protocol::pvh ? "pvh" : "multiboot",
               boot.magic_is_right ? "" : " with a wrong magic number");
    print_line("command line \"", boot.command_line, "\"");
    for (const Memory_range& range : boot.memory)
    {
        print_line("memory ", Hex{range.address}, " bytes ", Hex{range.bytes}, " type ", range.type);
    }
    for (const Boot_module& module : boot.modules)
    {
        print_line("module ", Hex{module.address}, " bytes ", module.bytes, " \"", module.command_line, "\"");
    }
}

void print_acpi(const Acpi_facts& acpi)
{
    if (!acpi.found)
    {
        print_line("acpi none");
        return;
    }
    print_line("acpi ", Hex{acpi.root_pointer}, " processors ", acpi.apic_ids.size(), " timer port ",
               Hex{acpi.timer_port}, " broken tables ", acpi.broken_tables);
}
} // namespace

uint32_t guest_main()
{
    print_line("hello from a guest");
    print_boot(boot_information());
    print_identity(0);
    if ((cpuid(1).ecx & (1u << 31)) != 0)
    {
        print_identity(0x40000000);
    }
    const Acpi_facts acpi = read_acpi();
    print_acpi(acpi);
    print_line("good bye");
    return static_cast<uint32_t>(number_option("exit", !boot_information().magic_is_right || acpi.broken_tables != 0));
}
} // namespace guest
