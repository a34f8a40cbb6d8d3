#include "arch/boot_information.hpp"

#include <array>

namespace ovm::arch
{

namespace
{

/// Ranges that wrap or are empty are dropped: no firmware means them.
Result<> add_memory(Boot_information& into, std::uint64_t begin, std::uint64_t size, std::uint64_t type)
{
    if (size == 0 || begin + size < begin)
        return {};
    auto const known = type >= 1 && type <= 5 ? static_cast<Memory_type>(type) : Memory_type::reserved;
    return into.memory.push_back({{Host_physical(begin), Bytes(size)}, known});
}

void set_command_line(Boot_information& into, Byte_view text)
{
    std::array<char, 1024> line{};
    std::size_t size = 0;
    while (size < line.size() && size < text.size() && text.load8(size) != 0)
    {
        line[size] = static_cast<char>(text.load8(size));
        ++size;
    }
    into.command_line.assign(std::string_view(line).substr(0, size));
}

/// Loaders do not say how long their string is, so it is read byte by byte.
void read_command_line(Physical_reader& memory, Host_physical at, Boot_information& into)
{
    std::array<std::uint8_t, 1024> line{};
    std::size_t size = 0;
    while (size < line.size())
    {
        auto const byte = memory.view(at + Bytes(size), Bytes(1));
        if (byte.empty() || byte[0] == 0)
            break;
        line[size++] = byte[0];
    }
    set_command_line(into, Byte_view(line));
}

void parse_framebuffer(Byte_view tag, Framebuffer& into)
{
    into.address = Host_physical(tag.load64(8));
    into.pitch = tag.load32(16);
    into.width = tag.load32(20);
    into.height = tag.load32(24);
    into.bits = tag.load8(28);
    auto const type = tag.load8(29);
    into.kind = type == 1 ? Framebuffer::Kind::rgb : type == 2 ? Framebuffer::Kind::text : Framebuffer::Kind::none;
    if (into.kind == Framebuffer::Kind::rgb && into.bits != 32 && into.bits != 24 && into.bits != 16)
        into.kind = Framebuffer::Kind::none;
    if (into.width > 16384 || into.height > 16384 || into.pitch > 65536 ||
        std::uint64_t{into.width} * into.bits / 8 > into.pitch)
        into.kind = Framebuffer::Kind::none;
}

} // namespace

Result<> parse_pvh(Physical_reader& memory, Host_physical at, Boot_information& into)
{
    into.protocol = Boot_protocol::pvh;
    Byte_view const info(memory.view(at, Bytes(56)));
    if (info.size() == 0)
        return Error::out_of_range;
    if (info.load32(0) != 0x336ec578)
        return Error::corrupt;
    if (info.load32(4) < 1)
        return Error::unsupported;
    into.information = {at, Bytes(56)};

    if (auto const command_line = info.load64(24); command_line != 0)
        read_command_line(memory, Host_physical(command_line), into);
    if (auto const rsdp = info.load64(32); rsdp != 0)
        into.rsdp = Host_physical(rsdp);
    if (info.load32(12) > 0)
    {
        Byte_view const module(memory.view(Host_physical(info.load64(16)), Bytes(32)));
        if (module.size() == 0)
            return Error::out_of_range;
        into.archive = {Host_physical(module.load64(0)), Bytes(module.load64(8))};
    }
    auto const entries = info.load32(48);
    if (entries > 4096)
        return Error::invalid;
    Byte_view const map(memory.view(Host_physical(info.load64(40)), Bytes(std::uint64_t{entries} * 24)));
    for (std::size_t i = 0; i < map.size() / 24; ++i)
        OVM_TRY(add_memory(into, map.load64(i * 24), map.load64(i * 24 + 8), map.load32(i * 24 + 16)));
    return into.memory.empty() ? Result<>(Error::not_found) : Result<>();
}

Result<> parse_multiboot2(Physical_reader& memory, Host_physical at, Boot_information& into)
{
    into.protocol = Boot_protocol::multiboot2;
    Byte_view const head(memory.view(at, Bytes(8)));
    if (head.size() == 0)
        return Error::out_of_range;
    auto const total = head.load32(0);
    Byte_view const info(memory.view(at, Bytes(total)));
    if (total < 16 || info.size() == 0)
        return Error::out_of_range;
    into.information = {at, Bytes(total)};

    for (std::size_t offset = 8; offset + 8 <= info.size();)
    {
        auto const type = info.load32(offset);
        std::size_t const size = info.load32(offset + 4);
        if (size < 8 || size > info.size() - offset)
            return Error::corrupt;
        auto const tag = info.part(offset, size);
        switch (type)
        {
        case 0:
            return into.memory.empty() ? Result<>(Error::not_found) : Result<>();
        case 1:
            set_command_line(into, tag.part(8));
            break;
        case 3:
            if (into.archive.size == Bytes(0) && tag.load32(12) > tag.load32(8))
                into.archive = {Host_physical(tag.load32(8)), Bytes(tag.load32(12) - tag.load32(8))};
            break;
        case 6:
        {
            std::size_t const entry = tag.load32(8);
            if (entry < 24)
                return Error::corrupt;
            for (std::size_t i = 16; i + entry <= tag.size(); i += entry)
                OVM_TRY(add_memory(into, tag.load64(i), tag.load64(i + 8), tag.load32(i + 16)));
            break;
        }
        case 8:
            parse_framebuffer(tag, into.framebuffer);
            break;
        case 14: // a copy of the RSDP; the newer one wins
            if (!into.rsdp)
                into.rsdp = at + Bytes(offset + 8);
            break;
        case 15:
            into.rsdp = at + Bytes(offset + 8);
            break;
        default:
            break;
        }
        offset += (size + 7) & ~std::size_t{7};
    }
    return Error::truncated;
}

std::string_view option(const Boot_information& information, std::string_view key)
{
    auto rest = information.command_line.view();
    while (!rest.empty())
    {
        auto const end = rest.find(' ');
        auto const word = rest.substr(0, end);
        if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=')
            return word.substr(key.size() + 1);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    return {};
}

} // namespace ovm::arch
