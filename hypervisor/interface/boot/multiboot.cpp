#include "interface/boot/multiboot.hpp"

#include "interface/boot/elf.hpp"
#include "interface/boot/multiboot_header.hpp"
#include "interface/boot/multiboot_information.hpp"
#include "interface/boot/placement.hpp"

namespace ovm::interface
{

namespace
{

constexpr std::uint64_t loader_magic = 0x2badb002;

using Entry_point = std::expected<std::uint64_t, Load_error>;

/// By the header's own addresses (section 3.1.3).
Entry_point put_by_addresses(Placement& placement, std::span<const std::uint8_t> kernel, const Multiboot_header& header)
{
    constexpr std::string_view contradiction = "the kernel's Multiboot header contradicts itself: link it again";
    if (header.header_address < header.load_address)
        return refuse(contradiction);
    std::uint64_t const before = header.header_address - header.load_address;
    if (before > header.offset)
        return refuse(contradiction);
    auto content = kernel.subspan(header.offset - before);
    if (header.load_end_address != 0)
    {
        if (header.load_end_address < header.load_address)
            return refuse(contradiction);
        std::uint64_t const size = header.load_end_address - header.load_address;
        if (size > content.size())
            return refuse("the kernel is truncated: copy it again");
        content = content.first(size);
    }
    std::uint64_t size = content.size();
    if (header.bss_end_address != 0)
    {
        if (header.bss_end_address < header.load_address + size)
            return refuse(contradiction);
        size = header.bss_end_address - header.load_address;
    }
    if (auto const done = placement.put_kernel(header.load_address, size, content); !done)
        return std::unexpected(done.error());
    return header.entry_address;
}

/// ELF's entry is a virtual address; a kernel that is linked higher than it is loaded means the same place.
std::uint64_t physical_entry(const Elf_image& elf)
{
    for (unsigned i = 0; i < elf.segments(); ++i)
    {
        auto const segment = elf.segment(i);
        if (segment.is(Elf_segment_type::load) && elf.entry() >= segment.virtual_address &&
            elf.entry() - segment.virtual_address < segment.memory_size)
            return elf.entry() - segment.virtual_address + segment.physical_address;
    }
    return elf.entry();
}

Entry_point put_elf(Placement& placement, std::span<const std::uint8_t> kernel)
{
    auto const elf = Elf_image::create(kernel);
    if (!elf)
        return refuse(elf.error() == Error::truncated
                          ? std::string_view("the kernel is truncated: copy it again")
                          : std::string_view("the kernel is no x86 ELF executable, and its Multiboot header has no "
                                             "addresses (bit 16): link it as ELF"));
    if (auto const done = placement.put_kernel(*elf); !done)
        return std::unexpected(done.error());
    return physical_entry(*elf);
}

std::expected<Placed_modules, Load_error> put_modules(Placement& placement, std::span<const Multiboot_module> modules)
{
    if (modules.size() > Placed_modules::capacity())
        return refuse("the VM has too many modules: give at most 16");
    Placed_modules placed;
    std::size_t text_size = 0;
    for (auto const& module : modules)
    {
        auto const at = placement.put_file(
            module.content, "the modules do not fit into the VM's memory: give the VM more memory or smaller modules");
        if (!at)
            return std::unexpected(at.error());
        text_size += module.command_line.size() + 1;
        if (text_size > module_text_size)
            return refuse("the modules' command lines are longer than 4095 characters together: shorten them");
        OVM_ASSERT(placed.push_back({{*at, Bytes(module.content.size())}, module.command_line}).has_value());
    }
    return placed;
}

} // namespace

std::expected<Entry_state, Load_error> load_multiboot(Copies& copies, std::span<const std::uint8_t> kernel,
                                                      std::span<const Multiboot_module> modules,
                                                      std::string_view command_line)
{
    auto const header = find_multiboot_header(kernel);
    if (!header)
        return refuse("the kernel has no Multiboot 1 header in its first 8 KiB: give another kernel, or another boot=");
    if (header->has_unknown_demands())
        return refuse("the kernel's Multiboot header demands what version 1 does not define");
    Placement placement(copies);
    auto const start =
        header->has_addresses() ? put_by_addresses(placement, kernel, *header) : put_elf(placement, kernel);
    if (!start)
        return std::unexpected(start.error());
    if (!placement.kernel_covers(*start))
        return refuse("the kernel's entry lies outside of the kernel: link it again");
    auto const placed = put_modules(placement, modules);
    if (!placed)
        return std::unexpected(placed.error());
    if (auto const done = put_command_line(copies.memory(), command_line); !done)
        return std::unexpected(done.error());
    if (!write_multiboot_information(copies.memory(), *placed))
        return refuse_memory();

    Entry_state entry{};
    entry.mode = Entry_state::Mode::protected32;
    entry.rip = *start;
    entry.rax = loader_magic;
    entry.rbx = layout::start_info.value();
    return entry;
}

} // namespace ovm::interface
