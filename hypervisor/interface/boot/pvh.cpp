#include "interface/boot/pvh.hpp"

#include <optional>

#include "base/bytes.hpp"
#include "interface/boot/elf.hpp"
#include "interface/boot/memory_map.hpp"
#include "interface/boot/placement.hpp"

namespace ovm::interface
{

namespace
{

constexpr std::uint32_t phys32_entry = 18;
constexpr std::uint64_t start_info_magic = 0x336ec578;

constexpr Bytes module_list_offset{0x40};
constexpr Bytes memory_map_offset{0x80};

std::optional<std::uint64_t> entry_of(const Elf_image& elf)
{
    auto const note = elf.find_note("Xen", phys32_entry);
    if (!note || (note->size() != 4 && note->size() != 8))
        return std::nullopt;
    return little_endian(*note, 0, static_cast<unsigned>(note->size()));
}

Result<> write_start_info(memory::Guest_memory& memory, Range<Guest_physical> initrd, bool has_command_line)
{
    auto const map = guest_memory_map(memory.ram());
    auto const module_list = layout::start_info + module_list_offset;
    auto const memory_map = layout::start_info + memory_map_offset;
    bool const has_initrd = initrd.size > Bytes{0};

    Guest_writer info(memory, layout::start_info);
    OVM_TRY(info.number(4, start_info_magic));
    OVM_TRY(info.number(4, 1)); // version
    OVM_TRY(info.number(4, 0)); // flags
    OVM_TRY(info.number(4, has_initrd ? 1 : 0));
    OVM_TRY(info.number(8, has_initrd ? module_list.value() : 0));
    OVM_TRY(info.number(8, has_command_line ? layout::command_line.value() : 0));
    OVM_TRY(info.number(8, layout::rsdp.value()));
    OVM_TRY(info.number(8, memory_map.value()));
    OVM_TRY(info.number(4, map.size()));
    OVM_TRY(info.number(4, 0));

    Guest_writer module(memory, module_list);
    OVM_TRY(module.number(8, initrd.begin.value()));
    OVM_TRY(module.number(8, initrd.size.value()));
    OVM_TRY(module.number(8, 0)); // no command line
    OVM_TRY(module.number(8, 0));

    Guest_writer entries(memory, memory_map);
    for (auto const& entry : map)
    {
        OVM_TRY(entries.number(8, entry.range.begin.value()));
        OVM_TRY(entries.number(8, entry.range.size.value()));
        OVM_TRY(entries.number(4, static_cast<std::uint32_t>(entry.type)));
        OVM_TRY(entries.number(4, 0));
    }
    return {};
}

} // namespace

std::expected<Entry_state, Load_error> load_pvh(Copies& copies, std::span<const std::uint8_t> kernel,
                                                std::span<const std::uint8_t> initrd, std::string_view command_line)
{
    auto const elf = Elf_image::create(kernel);
    if (!elf)
        return refuse(
            elf.error() == Error::truncated
                ? std::string_view("the kernel is truncated: copy it again")
                : std::string_view("the kernel is no x86 ELF executable: give Linux' vmlinux, or another boot="));
    auto const start = entry_of(*elf);
    if (!start)
        return refuse(
            "the kernel has no PVH entry (ELF note XEN_ELFNOTE_PHYS32_ENTRY): build Linux with CONFIG_PVH, or "
            "give another boot=");
    Placement placement(copies);
    if (auto const done = placement.put_kernel(*elf); !done)
        return std::unexpected(done.error());
    if (!placement.kernel_covers(*start))
        return refuse("the kernel's PVH entry lies outside of the kernel: build it again");

    Range<Guest_physical> file{};
    if (!initrd.empty())
    {
        auto const at = placement.put_file(
            initrd, "the initrd does not fit into the VM's memory: give the VM more memory or a smaller initrd");
        if (!at)
            return std::unexpected(at.error());
        file = {*at, Bytes(initrd.size())};
    }
    if (auto const done = put_command_line(copies.memory(), command_line); !done)
        return std::unexpected(done.error());
    if (!write_start_info(copies.memory(), file, !command_line.empty()))
        return refuse_memory();

    Entry_state entry{};
    entry.mode = Entry_state::Mode::protected32;
    entry.rip = *start;
    entry.rbx = layout::start_info.value();
    return entry;
}

} // namespace ovm::interface
