#include "arch/boot.hpp"
#include "arch/crash.hpp"
#include "arch/memory_map.hpp"
#include "arch/power.hpp"
#include "arch/processor.hpp"
#include "arch/serial.hpp"
#include "arch/x86_64/apic.hpp"
#include "arch/x86_64/clock.hpp"
#include "arch/x86_64/control.hpp"
#include "arch/x86_64/core_state.hpp"
#include "arch/x86_64/cores.hpp"
#include "arch/x86_64/crash_record.hpp"
#include "arch/x86_64/image.hpp"
#include "arch/x86_64/io_apic.hpp"
#include "arch/x86_64/last_watch.hpp"
#include "arch/x86_64/layout.hpp"
#include "arch/x86_64/machine.hpp"
#include "arch/x86_64/msr.hpp"
#include "arch/x86_64/paging.hpp"
#include "arch/x86_64/screen.hpp"
#include "arch/x86_64/serial.hpp"
#include "arch/x86_64/trap.hpp"

namespace ovm::arch
{

namespace
{

constinit Boot_information information{};
constinit Acpi_information description{};
constinit Static_vector<Free_range, 256> free_ranges{};
constinit bool handed_over = false;

/// Boot's page tables show the first 4 GiB.
class Boot_reader final : public Physical_reader
{
public:
    std::span<const std::uint8_t> view(Host_physical at, Bytes size) override
    {
        constexpr std::uint64_t limit = 0x1'0000'0000;
        if (at.value() > limit || size.value() > limit - at.value())
            return {};
        return physical_bytes(at, size);
    }
};

/// Firmware's tables, mapped when somebody looks.
class Firmware_reader final : public Physical_reader
{
public:
    std::span<const std::uint8_t> view(Host_physical at, Bytes size) override
    {
        if (size == Bytes(0) || !map_firmware(at, size))
            return {};
        return physical_bytes(at, size);
    }
};

/// One record to the program behind the second line (interface/console/record.hpp), which waits for an end.
void tell_program(char type, std::string_view payload)
{
    // All of it within some time: nobody may be there to read.
    auto put = [polls = std::uint32_t{2'000'000}](std::uint8_t byte) mutable
    {
        while (serial_present(Serial::records) && !try_write_serial(Serial::records, byte) && polls != 0)
        {
            --polls;
            pause();
        }
    };
    auto sum = static_cast<std::uint8_t>(static_cast<std::uint8_t>(type) ^ payload.size());
    put(0xa5);
    put(static_cast<std::uint8_t>(type));
    put(0);
    put(static_cast<std::uint8_t>(payload.size()));
    for (char const character : payload)
    {
        put(static_cast<std::uint8_t>(character));
        sum = static_cast<std::uint8_t>(sum ^ static_cast<std::uint8_t>(character));
    }
    put(sum);
}

[[noreturn]] void refuse(const char* why)
{
    std::array<char, 240> storage{};
    Text_writer text(storage);
    text << "OVM: " << why;
    write_serial(text.view());
    write_serial("\n");
    if (option(information, "records") == "com2")
    {
        tell_program('L', text.view());
        tell_program('X', "\x02");
    }
    stop_machine();
}

void find_memory()
{
    auto& memory = boot_memory();
    memory.build(information);
    memory.remove({Host_physical(0), Bytes(0x10'0000)});
    memory.remove({image_physical(image_all().begin), image_all().size});
    memory.remove(information.archive);
    memory.remove(information.information);
}

/// The second half of boot: own page tables, guarded stack.
[[noreturn]] void boot_core()
{
    load_core_state();
    build_trap_table(true);
    map_screen();
    find_previous_crash();

    Firmware_reader firmware;
    auto const parsed = parse_acpi(firmware, information.rsdp, description);
    if (!parsed.has_value())
        write_serial("OVM: no usable ACPI tables; one core, no power-off\n");
    local_apic().find(description.local_apic);
    mask_all_lines(description);
    local_apic().enable();
    calibrate_clock(description);
    enable_timer();
    find_last_watch(description);
    prepare_cores(information);
    if (option(information, "crash") == "reset")
        set_after_crash(After_crash::reset);
    if (option(information, "framebuffer") == "off")
        mute_screen();

    if (is_core_0())
        run_core_0();
    go_on(boot_stack_end(), &hand_over);
}

} // namespace

void run_core_0()
{
    boot::ovm_main(information);
    boot::core_main(Core_id(0));
    refuse("core 0 has nothing to do");
}

/// Entered by entry.S on boot's page tables and stack.
extern "C" [[noreturn]] void boot_start(std::uint32_t protocol, std::uint32_t at)
{
    build_trap_table(false);
    load_trap_table();
    com1().start();
    com2().start();
    Boot_reader reader;
    auto const parsed = protocol == static_cast<std::uint32_t>(Boot_protocol::pvh)
                            ? parse_pvh(reader, Host_physical(at), information)
                            : parse_multiboot2(reader, Host_physical(at), information);
    find_screen(information);
    if (!parsed.has_value())
        refuse("the loader's boot information is not usable; use GRUB's multiboot2 or qemu -kernel");
    if (auto const* const missing = missing_feature())
        refuse(missing);

    find_memory();
    write_msr(Msr::efer, read_msr(Msr::efer) | efer::no_execute);
    auto const tables = make_core(Core_id(0), Node_id(0), build_page_tables(information));
    write_cr3(tables.root().value());
    go_on(core_stack_top(Core_id(0)), &boot_core);
}

const Acpi_information& machine_description()
{
    return description;
}

std::span<const Free_range> free_memory()
{
    if (!handed_over)
    {
        split_by_node(boot_memory().ranges(), description.memory.items(), free_ranges);
        boot_memory() = Memory_map{};
        handed_over = true;
    }
    return free_ranges.items();
}

} // namespace ovm::arch
