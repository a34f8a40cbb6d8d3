#include "interface/boot/linux.hpp"

#include <array>
#include <bit>

#include "base/bits.hpp"
#include "base/bytes.hpp"
#include "interface/boot/memory_map.hpp"
#include "interface/boot/placement.hpp"

namespace ovm::interface
{

namespace
{

// Fields of the setup header, offsets in the file and in boot_params alike (boot.rst, "Details of Header Fields").
constexpr std::size_t setup_sectors_at = 0x1f1;
constexpr std::size_t boot_flag_at = 0x1fe;
constexpr std::size_t jump_length_at = 0x201;
constexpr std::size_t magic_at = 0x202;
constexpr std::size_t version_at = 0x206;
constexpr std::size_t loader_type_at = 0x210;
constexpr std::size_t load_flags_at = 0x211;
constexpr std::size_t initrd_address_at = 0x218;
constexpr std::size_t initrd_size_at = 0x21c;
constexpr std::size_t command_line_at = 0x228;
constexpr std::size_t initrd_limit_at = 0x22c;
constexpr std::size_t extended_load_flags_at = 0x236;
constexpr std::size_t command_line_limit_at = 0x238;
constexpr std::size_t preferred_address_at = 0x258;
constexpr std::size_t init_size_at = 0x260;
constexpr std::size_t header_begin = 0x1f1;
// Fields of boot_params beside it (Documentation/arch/x86/zero-page.rst).
constexpr std::size_t rsdp_address_at = 0x070;
constexpr std::size_t initrd_address_high_at = 0x0c0;
constexpr std::size_t e820_entries_at = 0x1e8;
constexpr std::size_t e820_table_at = 0x2d0;

constexpr std::uint64_t header_magic = 0x53726448; // "HdrS"
constexpr std::uint64_t kernel_64 = bit(0);        // XLF_KERNEL_64
constexpr std::uint64_t entry_64_offset = 0x200;
constexpr std::uint64_t loader_undefined = 0xff;
constexpr std::uint64_t identity_map_end = std::uint64_t{4} << 30;

struct Image
{
    std::span<const std::uint8_t> header{};
    std::span<const std::uint8_t> code{};
    std::uint64_t address = 0;
    std::uint64_t init_size = 0;
    std::uint64_t initrd_limit = 0;
    std::uint64_t command_line_limit = 0;
};

std::expected<Image, Load_error> read_image(std::span<const std::uint8_t> kernel)
{
    if (kernel.empty())
        return refuse("the kernel is empty");
    if (kernel.size() < 0x300 || little_endian(kernel, boot_flag_at, 2) != 0xaa55 ||
        little_endian(kernel, magic_at, 4) != header_magic)
        return refuse("the kernel is no bzImage: give Linux' arch/x86/boot/bzImage, or another boot=");
    if (little_endian(kernel, version_at, 2) < 0x20c ||
        (little_endian(kernel, extended_load_flags_at, 2) & kernel_64) == 0)
        return refuse("the kernel has no 64-bit entry: build it for x86-64, version 3.8 or later");
    auto sectors = little_endian(kernel, setup_sectors_at, 1);
    if (sectors == 0)
        sectors = 4;
    auto const setup_size = (sectors + 1) * 512;
    auto const code_size = little_endian(kernel, 0x1f4, 4) * 16;
    auto const header_end = magic_at + little_endian(kernel, jump_length_at, 1);
    if (kernel.size() <= setup_size || header_end > kernel.size() || kernel.size() - setup_size + 16 <= code_size)
        return refuse("the kernel is truncated: copy it again");
    return Image{kernel.subspan(header_begin, header_end - header_begin),
                 kernel.subspan(setup_size),
                 little_endian(kernel, preferred_address_at, 8),
                 little_endian(kernel, init_size_at, 4),
                 little_endian(kernel, initrd_limit_at, 4),
                 little_endian(kernel, command_line_limit_at, 4)};
}

constexpr std::uint64_t present_writable = 3;
constexpr std::uint64_t large = bit(7);

/// The page directories of an identity map of 4 GiB in 2 MiB pages. They are the same for every VM, so they are copied
/// slice by slice as the kernel is: to compute them took longer than a crossing may.
constexpr auto page_directories = []
{
    std::array<std::uint64_t, identity_map_end / large_page_size.value()> entries{};
    for (std::size_t i = 0; i < entries.size(); ++i)
        entries[i] = (i * large_page_size.value()) | present_writable | large;
    return std::bit_cast<std::array<std::uint8_t, sizeof entries>>(entries);
}();
constexpr auto page_directories_at = layout::page_tables + page_size * 2;

/// The levels above the page directories, and flat segments (boot.rst, "64-bit Boot Protocol").
Result<> write_tables(memory::Guest_memory& memory)
{
    auto const fourth = layout::page_tables;
    auto const third = fourth + page_size;
    OVM_TRY(memory.store(fourth, 8, third.value() | present_writable));
    for (std::uint64_t gigabyte = 0; gigabyte < 4; ++gigabyte)
        OVM_TRY(memory.store(third + Bytes(gigabyte * 8), 8,
                             (page_directories_at + page_size * gigabyte).value() | present_writable));
    constexpr std::array<std::uint64_t, 4> descriptors{0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff};
    for (std::size_t i = 0; i < descriptors.size(); ++i)
        OVM_TRY(memory.store(layout::gdt + Bytes(i * 8), 8, descriptors[i]));
    return {};
}

/// boot_params: the kernel's own header, and what a loader adds. The page is clear in a VM that has not run.
Result<> write_params(memory::Guest_memory& memory, const Image& image, Range<Guest_physical> initrd)
{
    auto const store = [&memory](std::size_t at, unsigned width, std::uint64_t value)
    { return memory.store(layout::boot_params + Bytes(at), width, value); };

    OVM_TRY(memory.write(layout::boot_params + Bytes(header_begin), image.header));
    OVM_TRY(store(loader_type_at, 1, loader_undefined));
    auto const flags = OVM_TRY(memory.load(layout::boot_params + Bytes(load_flags_at), 1));
    OVM_TRY(store(load_flags_at, 1, flags & 0x7f)); // no heap for 16-bit code
    OVM_TRY(store(initrd_address_at, 4, initrd.begin.value()));
    OVM_TRY(store(initrd_address_high_at, 4, initrd.begin.value() >> 32));
    OVM_TRY(store(initrd_size_at, 4, initrd.size.value()));
    OVM_TRY(store(command_line_at, 4, layout::command_line.value()));
    OVM_TRY(store(rsdp_address_at, 8, layout::rsdp.value()));
    auto const map = guest_memory_map(memory.ram());
    OVM_TRY(store(e820_entries_at, 1, map.size()));
    Guest_writer entries(memory, layout::boot_params + Bytes(e820_table_at));
    for (auto const& entry : map)
    {
        OVM_TRY(entries.number(8, entry.range.begin.value()));
        OVM_TRY(entries.number(8, entry.range.size.value()));
        OVM_TRY(entries.number(4, static_cast<std::uint32_t>(entry.type)));
    }
    return {};
}

} // namespace

std::expected<Entry_state, Load_error> load_linux(Copies& copies, std::span<const std::uint8_t> kernel,
                                                  std::span<const std::uint8_t> initrd, std::string_view command_line)
{
    auto const image = read_image(kernel);
    if (!image)
        return std::unexpected(image.error());
    if (command_line.size() > image->command_line_limit)
        return refuse("the command line is longer than the kernel takes");

    auto& memory = copies.memory();
    auto const& low = memory.ram().low;
    Guest_physical const at(image->address);
    auto const needed = Bytes(image->init_size > image->code.size() ? image->init_size : image->code.size());
    if (at < layout::kernel || !low.contains(at, needed) || (at + needed).value() > identity_map_end)
        return refuse("the kernel does not fit into the VM's memory: give the VM more memory");

    Guest_physical initrd_at{};
    if (!initrd.empty())
    {
        auto limit = low.end();
        if (image->initrd_limit < limit.value())
            limit = Guest_physical(image->initrd_limit + 1);
        if (limit < at + needed || (limit - (at + needed)).value() < align_up(initrd.size(), page_size.value()))
            return refuse("the initrd does not fit into the VM's memory: give the VM more memory or a smaller initrd");
        initrd_at = (limit - Bytes(initrd.size())).align_down(page_size);
    }

    if (auto const done = put_command_line(memory, command_line); !done)
        return std::unexpected(done.error());
    if (!write_params(memory, *image, {initrd_at, Bytes(initrd.size())}) || !write_tables(memory))
        return refuse_memory();
    // Three have room.
    OVM_ASSERT(copies.add(page_directories_at, Bytes(page_directories.size()), page_directories).has_value());
    OVM_ASSERT(copies.add(at, Bytes(image->code.size()), image->code).has_value());
    OVM_ASSERT(copies.add(initrd_at, Bytes(initrd.size()), initrd).has_value());

    Entry_state entry{};
    entry.mode = Entry_state::Mode::long64;
    entry.rip = at.value() + entry_64_offset;
    entry.rsi = layout::boot_params.value();
    entry.rsp = layout::boot_params.value();
    entry.page_tables = layout::page_tables;
    entry.gdt = layout::gdt;
    return entry;
}

} // namespace ovm::interface
