#include "elf_image.hpp"
#include "interface/boot/memory_map.hpp"
#include "interface/boot/multiboot.hpp"

namespace
{

using namespace ovm;
using namespace ovm::interface;
using namespace ovm::interface::test;

void put_header(std::vector<std::uint8_t>& bytes, std::size_t at, std::uint32_t flags)
{
    put_little_endian(bytes, at, 4, 0x1badb002);
    put_little_endian(bytes, at + 4, 4, flags);
    put_little_endian(bytes, at + 8, 4, static_cast<std::uint32_t>(0 - 0x1badb002u - flags));
}

std::vector<std::uint8_t> elf_kernel(std::uint64_t address = 0x200000)
{
    auto bytes = make_elf(false, address, "None", 0, 0);
    put_header(bytes, 0x200, 3);
    return bytes;
}

/// Header at 0x100 of the file, which is loaded from 0x80 on; zeros behind.
std::vector<std::uint8_t> flat_kernel()
{
    std::vector<std::uint8_t> bytes(0x1000);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(i * 3 + 1);
    put_header(bytes, 0x100, 0x10003);
    put_little_endian(bytes, 0x10c, 4, 0x300080); // header
    put_little_endian(bytes, 0x110, 4, 0x300000); // load
    put_little_endian(bytes, 0x114, 4, 0x300800); // load end
    put_little_endian(bytes, 0x118, 4, 0x302000); // BSS end
    put_little_endian(bytes, 0x11c, 4, 0x300200); // entry
    return bytes;
}

class Multiboot : public Guest
{
protected:
    std::string_view refusal(std::span<const std::uint8_t> kernel, std::span<const Multiboot_module> modules = {},
                             std::string_view command_line = {})
    {
        auto const entry = load_all(load_multiboot, kernel, modules, command_line);
        return entry ? std::string_view() : entry.error().what;
    }
};

TEST_F(Multiboot, ElfKernelEntersAtItsPhysicalAddress)
{
    auto const entry = load_all(load_multiboot, elf_kernel(), {}, "quiet");
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->mode, Entry_state::Mode::protected32);
    EXPECT_EQ(entry->rip, 0x200010u);
    EXPECT_EQ(entry->rax, 0x2badb002u);
    EXPECT_EQ(entry->rbx, layout::start_info.value());
    EXPECT_EQ(load(0x200000, 4), 0x1badb002u);
}

TEST_F(Multiboot, FlatKernelGoesWhereItsHeaderSays)
{
    ASSERT_TRUE(memory_->store(Guest_physical{0x300800}, 8, ~std::uint64_t{0}));
    ASSERT_TRUE(memory_->store(Guest_physical{0x302000}, 4, 0x12345678));
    auto const kernel = flat_kernel();
    auto const entry = load_all(load_multiboot, kernel, {}, "");
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->rip, 0x300200u);
    EXPECT_EQ(read(0x300000, 0x800), exact(std::span(kernel).subspan(0x80, 0x800)));
    EXPECT_EQ(load(0x300800, 8), 0u);
    EXPECT_EQ(load(0x302000, 4), 0x12345678u) << "behind the kernel";
}

TEST_F(Multiboot, InformationDescribesMemoryAndModules)
{
    std::vector<std::uint8_t> const first(100, 1);
    std::vector<std::uint8_t> const second(4097, 2);
    std::array<Multiboot_module, 2> const modules{{{first, "first module"}, {second, ""}}};
    auto const entry = load_all(load_multiboot, elf_kernel(), modules, "verbose=1");
    ASSERT_TRUE(entry);
    auto const info = entry->rbx;
    EXPECT_EQ(load(info, 4), 0x24du);
    EXPECT_EQ(load(info + 4, 4), 639u);
    EXPECT_EQ(load(info + 8, 4), 31u * 1024);
    EXPECT_EQ(text(load(info + 16, 4)), "verbose=1");
    EXPECT_EQ(text(load(info + 64, 4)), "OVM");
    ASSERT_EQ(load(info + 20, 4), 2u);
    auto const list = load(info + 24, 4);
    EXPECT_EQ(load(list, 4), (32u << 20) - 4096);
    EXPECT_EQ(load(list + 4, 4) - load(list, 4), first.size());
    EXPECT_EQ(text(load(list + 8, 4)), "first module");
    EXPECT_EQ(load(list + 16, 4), (32u << 20) - 3 * 4096);
    EXPECT_EQ(read(load(list + 16, 4), second.size()), second);
    EXPECT_EQ(text(load(list + 24, 4)), "");

    auto const map = guest_memory_map(memory_->ram());
    ASSERT_EQ(load(info + 44, 4), map.size() * 24);
    auto at = load(info + 48, 4);
    for (auto const& range : map)
    {
        EXPECT_EQ(load(at, 4), 20u);
        EXPECT_EQ(load(at + 4, 8), range.range.begin.value());
        EXPECT_EQ(load(at + 12, 8), range.range.size.value());
        EXPECT_EQ(load(at + 20, 4), static_cast<std::uint32_t>(range.type));
        at += load(at, 4) + 4;
    }
}

TEST_F(Multiboot, RefusalsSayWhatToDo)
{
    EXPECT_NE(refusal({}).find("no Multiboot 1 header"), std::string_view::npos);
    EXPECT_NE(refusal(make_elf(false, 0x200000, "None", 0, 0)).find("no Multiboot 1 header"), std::string_view::npos);
    auto kernel = elf_kernel();
    put_header(kernel, 0x200, 3 | 8);
    EXPECT_NE(refusal(kernel).find("demands"), std::string_view::npos);
    EXPECT_NE(refusal(elf_kernel(0x8000)).find("below 1 MiB"), std::string_view::npos);
    std::vector<std::uint8_t> raw(64);
    put_header(raw, 0, 0);
    EXPECT_NE(refusal(raw).find("link it as ELF"), std::string_view::npos);
    std::vector<std::uint8_t> const large(32u << 20);
    EXPECT_NE(refusal(elf_kernel(), std::array{Multiboot_module{large, ""}}).find("do not fit"),
              std::string_view::npos);
    std::string const words(4096, 'x');
    EXPECT_NE(refusal(elf_kernel(), std::array{Multiboot_module{raw, words}}).find("command lines"),
              std::string_view::npos);
    EXPECT_NE(refusal(elf_kernel(), std::vector<Multiboot_module>(17)).find("at most 16"), std::string_view::npos);
}

TEST_F(Multiboot, ModulesAndTheirWordsFitToTheLastByte)
{
    std::vector<std::uint8_t> const content(1);
    std::string const words(255, 'x');
    std::vector<Multiboot_module> const modules(16, Multiboot_module{content, words});
    EXPECT_EQ(refusal(elf_kernel(), modules), "");
    EXPECT_EQ(load(layout::start_info.value() + 20, 4), 16u);
}

TEST_F(Multiboot, ContradictingAddressesAreRefused)
{
    auto const with = [&](std::size_t at, std::uint32_t value)
    {
        auto kernel = flat_kernel();
        put_little_endian(kernel, at, 4, value);
        return refusal(kernel);
    };
    EXPECT_NE(with(0x10c, 0x2fffff).find("contradicts"), std::string_view::npos) << "header before load";
    EXPECT_NE(with(0x10c, 0x300101).find("contradicts"), std::string_view::npos) << "load before the file";
    EXPECT_NE(with(0x114, 0x2fffff).find("contradicts"), std::string_view::npos);
    EXPECT_NE(with(0x114, 0x301001).find("truncated"), std::string_view::npos);
    EXPECT_NE(with(0x118, 0x300700).find("contradicts"), std::string_view::npos);
    EXPECT_NE(with(0x118, 0xffffffff).find("does not fit"), std::string_view::npos);
    EXPECT_NE(with(0x11c, 0x302000).find("outside"), std::string_view::npos);
    EXPECT_EQ(with(0x114, 0), "") << "the whole file";
    EXPECT_EQ(with(0x118, 0), "") << "no zeros behind";
}

TEST_F(Multiboot, TruncatedAndMutatedKernelsAreLoadedOrRefused)
{
    for (auto const& file : {elf_kernel(), flat_kernel()})
    {
        for (std::size_t size = 0; size < file.size(); size += 3)
            static_cast<void>(refusal(exact(std::span(file).first(size))));
        Seeded random(4);
        for (int round = 0; round < 2000; ++round)
        {
            auto copy = exact(file);
            for (auto changes = 1 + random.below(3); changes > 0; --changes)
                copy[random.below(0x220)] = static_cast<std::uint8_t>(random.below(256));
            static_cast<void>(refusal(copy));
        }
    }
}

} // namespace
