#include "launcher/description/kernel_file.hpp"

#include <algorithm>
#include <vector>

#include "launcher/description/text.hpp"

namespace ovm::launcher
{

namespace
{

/// A little-endian number at an offset; 0 beyond the end, as no field that decides anything is 0.
std::uint64_t number_at(std::string_view bytes, std::uint64_t offset, unsigned size)
{
    if (offset > bytes.size() || bytes.size() - offset < size)
        return 0;
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i)
        value |= std::uint64_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
    return value;
}

Failure refuse(std::string what, std::string mend)
{
    return {"", std::move(what), std::move(mend)};
}

Failure truncated(std::uint64_t needed, std::size_t present)
{
    return refuse("is truncated: its header tells of " + std::to_string(needed) + " bytes, the file has " +
                      std::to_string(present),
                  "copy or build it again");
}

// ---- Linux ----------------------------------------------------------------------------------

constexpr std::uint64_t linux_magic = 0x53726448; // "HdrS"

bool is_linux(std::string_view bytes)
{
    return number_at(bytes, 0x1fe, 2) == 0xaa55 && number_at(bytes, 0x202, 4) == linux_magic;
}

Checked<Kernel_facts> inspect_linux(std::string_view bytes)
{
    constexpr std::uint64_t version_with_flags = 0x20c;
    constexpr std::uint64_t entry_64 = 1; // XLF_KERNEL_64
    if (number_at(bytes, 0x206, 2) < version_with_flags || (number_at(bytes, 0x236, 2) & entry_64) == 0)
        return refuse("has no 64-bit entry", "give an x86-64 Linux kernel, version 3.8 or later");
    auto sectors = number_at(bytes, 0x1f1, 1);
    if (sectors == 0)
        sectors = 4;
    auto const needed = (sectors + 1) * 512 + number_at(bytes, 0x1f4, 4) * 16;
    // The size is counted in paragraphs, so up to 15 bytes of it may be padding that is not in the file.
    if (bytes.size() + 15 < needed)
        return truncated(needed, bytes.size());
    auto const end = number_at(bytes, 0x258, 8) + std::max(number_at(bytes, 0x260, 4), needed);
    return Kernel_facts{Boot_protocol::linux_64, end, std::min<std::size_t>(number_at(bytes, 0x238, 4), 4095)};
}

// ---- ELF ------------------------------------------------------------------------------------

struct Segment
{
    std::uint64_t type;
    std::uint64_t offset;
    std::uint64_t file_size;
    std::uint64_t address;
    std::uint64_t memory_size;
};

struct Elf
{
    bool wide;
    std::vector<Segment> segments;
};

constexpr std::uint64_t segment_load = 1;
constexpr std::uint64_t segment_note = 4;

/// The program headers of a little-endian ELF for x86; what is beyond the file's end reads as zero.
std::optional<Elf> read_elf(std::string_view bytes)
{
    if (!bytes.starts_with("\x7f"
                           "ELF") ||
        number_at(bytes, 5, 1) != 1)
        return std::nullopt;
    bool const wide = number_at(bytes, 4, 1) == 2;
    auto const machine = number_at(bytes, 18, 2);
    if (machine != 3 && machine != 62)
        return std::nullopt;
    Elf elf{wide, {}};
    auto const table = wide ? number_at(bytes, 32, 8) : number_at(bytes, 28, 4);
    auto const size = number_at(bytes, wide ? 54 : 42, 2);
    auto const count = number_at(bytes, wide ? 56 : 44, 2);
    for (std::uint64_t i = 0; i < count && table <= bytes.size(); ++i)
    {
        auto const at = table + i * size;
        auto const type = number_at(bytes, at, 4);
        if (wide)
            elf.segments.push_back({type, number_at(bytes, at + 8, 8), number_at(bytes, at + 32, 8),
                                    number_at(bytes, at + 24, 8), number_at(bytes, at + 40, 8)});
        else
            elf.segments.push_back({type, number_at(bytes, at + 4, 4), number_at(bytes, at + 16, 4),
                                    number_at(bytes, at + 12, 4), number_at(bytes, at + 20, 4)});
    }
    return elf;
}

bool has_pvh_note(std::string_view bytes, const Elf& elf)
{
    constexpr std::uint64_t physical_entry = 18; // XEN_ELFNOTE_PHYS32_ENTRY
    for (auto const& segment : elf.segments)
    {
        if (segment.type != segment_note || segment.offset > bytes.size())
            continue;
        auto notes = bytes.substr(segment.offset, segment.file_size);
        while (notes.size() >= 12)
        {
            auto const padded = [](std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; };
            auto const name_size = number_at(notes, 0, 4);
            auto const size = 12 + padded(name_size) + padded(number_at(notes, 4, 4));
            if (number_at(notes, 8, 4) == physical_entry && name_size == 4 && notes.substr(12, 3) == "Xen")
                return true;
            notes = size < notes.size() ? notes.substr(size) : std::string_view{};
        }
    }
    return false;
}

bool has_multiboot_header(std::string_view bytes)
{
    constexpr std::uint64_t magic = 0x1badb002;
    auto const last = std::min<std::size_t>(bytes.size(), 8192);
    for (std::size_t at = 0; at + 12 <= last; at += 4)
    {
        if (number_at(bytes, at, 4) == magic &&
            ((magic + number_at(bytes, at + 4, 4) + number_at(bytes, at + 8, 4)) & 0xffff'ffff) == 0)
            return true;
    }
    return false;
}

Checked<Kernel_facts> inspect_segments(std::string_view bytes, const Elf& elf, Boot_protocol boot)
{
    std::uint64_t end = 0;
    for (auto const& segment : elf.segments)
    {
        if (segment.type != segment_load || segment.memory_size == 0)
            continue;
        auto const file_end = segment.offset + segment.file_size;
        if (file_end < segment.offset || segment.address + segment.memory_size < segment.address)
            return refuse("has a program header that is out of range", "build it again");
        if (file_end > bytes.size())
            return truncated(file_end, bytes.size());
        end = std::max(end, segment.address + segment.memory_size);
    }
    if (end == 0)
        return refuse("has nothing to load", "copy or build it again");
    return Kernel_facts{boot, end, 4095};
}

/// Names what the file is instead, where that is easy to see.
Failure unknown_kernel(std::string_view bytes, const std::optional<Elf>& elf)
{
    std::string const mend = "give a Linux bzImage, an ELF with a PVH note, or a 32-bit ELF with a Multiboot header";
    if (bytes.starts_with("\x1f\x8b") ||
        bytes.starts_with("\xfd"
                          "7zXZ") ||
        bytes.starts_with("\x28\xb5\x2f\xfd"))
        return refuse("is a compressed file", "unpack it, or " + mend);
    if (bytes.starts_with("070701") || bytes.starts_with("070702"))
        return refuse("is a cpio archive, perhaps an initramfs", "name it as initrd=, and " + mend);
    if (elf)
        return refuse("is an ELF file without a PVH note or Multiboot header", mend);
    return refuse("is no kernel that OVM knows", mend);
}

} // namespace

std::string_view to_text(Boot_protocol boot)
{
    switch (boot)
    {
    case Boot_protocol::linux_64:
        return "linux";
    case Boot_protocol::pvh:
        return "pvh";
    case Boot_protocol::multiboot:
        return "multiboot";
    }
    return "unknown";
}

Checked<Kernel_facts> inspect_kernel(std::string_view bytes, std::optional<Boot_protocol> wanted)
{
    auto const elf = read_elf(bytes);
    bool const linux_file = is_linux(bytes);
    bool const pvh = elf && has_pvh_note(bytes, *elf);
    bool const multiboot = has_multiboot_header(bytes);
    auto boot = wanted;
    if (!boot && linux_file)
        boot = Boot_protocol::linux_64;
    if (!boot && pvh)
        boot = Boot_protocol::pvh;
    if (!boot && multiboot)
        boot = Boot_protocol::multiboot;
    if (!boot)
        return unknown_kernel(bytes, elf);

    switch (*boot)
    {
    case Boot_protocol::linux_64:
        if (!linux_file)
            return refuse("is no Linux bzImage (no 'HdrS' in its header)",
                          pvh || multiboot ? "leave boot= out: it is found by itself"
                                           : "give arch/x86/boot/bzImage, often called vmlinuz");
        return inspect_linux(bytes);
    case Boot_protocol::pvh:
        if (!pvh)
            return refuse("has no PVH entry (ELF note XEN_ELFNOTE_PHYS32_ENTRY)",
                          linux_file || multiboot ? "leave boot= out: it is found by itself"
                                                  : "build it with CONFIG_PVH or such a note");
        return inspect_segments(bytes, *elf, Boot_protocol::pvh);
    case Boot_protocol::multiboot:
        if (!multiboot)
            return refuse("has no Multiboot header in its first 8192 bytes",
                          linux_file || pvh ? "leave boot= out: it is found by itself" : "give a Multiboot kernel");
        if (!elf || elf->wide)
            return refuse("has a Multiboot header but is no 32-bit ELF file", "convert it: objcopy -O elf32-i386 FILE");
        return inspect_segments(bytes, *elf, Boot_protocol::multiboot);
    }
    return unknown_kernel(bytes, elf);
}

} // namespace ovm::launcher
