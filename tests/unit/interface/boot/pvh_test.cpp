#include "elf_image.hpp"
#include "interface/boot/memory_map.hpp"
#include "interface/boot/pvh.hpp"

namespace
{

using namespace ovm;
using namespace ovm::interface;
using namespace ovm::interface::test;

class Pvh : public Guest
{
protected:
    std::string_view refusal(std::span<const std::uint8_t> kernel, std::span<const std::uint8_t> initrd = {},
                             std::string_view command_line = {})
    {
        auto const entry = load_all(load_pvh, kernel, initrd, command_line);
        return entry ? std::string_view() : entry.error().what;
    }
};

TEST_F(Pvh, KernelInitrdAndStartInfoArrive)
{
    for (bool const is_64 : {false, true})
    {
        with_memory(32);
        ASSERT_TRUE(memory_->store(Guest_physical{0x200800}, 8, ~std::uint64_t{0}))
            << "what a last run left in the BSS";
        auto const kernel = make_elf(is_64, 0x200000, "Xen", 18, 0x200040);
        std::vector<std::uint8_t> const initrd(5000, 0x77);
        auto const entry = load_all(load_pvh, kernel, initrd, "console=ttyS0");
        ASSERT_TRUE(entry);
        EXPECT_EQ(entry->mode, Entry_state::Mode::protected32);
        EXPECT_EQ(entry->rip, 0x200040u);
        EXPECT_EQ(entry->rbx, layout::start_info.value());
        EXPECT_EQ(load(0x200001, 1), 8u);
        EXPECT_EQ(load(0x200800, 8), 0u);

        auto const info = entry->rbx;
        EXPECT_EQ(load(info, 4), 0x336ec578u);
        EXPECT_EQ(load(info + 4, 4), 1u);
        EXPECT_EQ(load(info + 12, 4), 1u);
        EXPECT_EQ(text(load(info + 24, 8)), "console=ttyS0");
        EXPECT_EQ(load(info + 32, 8), layout::rsdp.value());
        auto const module = load(info + 16, 8);
        auto const at = load(module, 8);
        EXPECT_EQ(at, (32u << 20) - 8192);
        EXPECT_EQ(load(module + 8, 8), initrd.size());
        EXPECT_EQ(read(at, initrd.size()), initrd);

        auto const map = guest_memory_map(memory_->ram());
        ASSERT_EQ(load(info + 48, 4), map.size());
        auto entry_at = load(info + 40, 8);
        for (auto const& range : map)
        {
            EXPECT_EQ(load(entry_at, 8), range.range.begin.value());
            EXPECT_EQ(load(entry_at + 8, 8), range.range.size.value());
            EXPECT_EQ(load(entry_at + 16, 4), static_cast<std::uint32_t>(range.type));
            entry_at += 24;
        }
        EXPECT_LE(entry_at, layout::start_info.value() + 4096);
    }
}

TEST_F(Pvh, WithoutInitrdThereIsNoModule)
{
    ASSERT_TRUE(load_all(load_pvh, make_elf(true, 0x200000, "Xen", 18, 0x200040), {}, ""));
    EXPECT_EQ(load(layout::start_info.value() + 12, 4), 0u);
    EXPECT_EQ(load(layout::start_info.value() + 16, 8), 0u);
    EXPECT_EQ(load(layout::start_info.value() + 24, 8), 0u);
}

TEST_F(Pvh, RefusalsSayWhatToDo)
{
    auto const good = make_elf(true, 0x200000, "Xen", 18, 0x200040);
    EXPECT_EQ(refusal(good), "");
    EXPECT_NE(refusal({}).find("no x86 ELF"), std::string_view::npos);
    EXPECT_NE(refusal(std::span(good).first(0x300)).find("truncated"), std::string_view::npos);
    EXPECT_NE(refusal(make_elf(true, 0x200000, "GNU", 18, 0)).find("no PVH entry"), std::string_view::npos);
    EXPECT_NE(refusal(make_elf(true, 0x200000, "Xen", 18, 0x400000)).find("outside"), std::string_view::npos);
    EXPECT_NE(refusal(make_elf(true, 0x8000, "Xen", 18, 0x8000)).find("below 1 MiB"), std::string_view::npos);
    EXPECT_NE(refusal(make_elf(true, 0xf0000000, "Xen", 18, 0xf0000000)).find("above 3 GiB"), std::string_view::npos);
    EXPECT_NE(refusal(make_elf(true, 0x1fff000, "Xen", 18, 0x1fff000)).find("does not fit"), std::string_view::npos);
    EXPECT_NE(refusal(good, {}, std::string(4096, 'x')).find("command line"), std::string_view::npos);
    with_memory(1);
    EXPECT_NE(refusal(good).find("more memory"), std::string_view::npos);
}

TEST_F(Pvh, InitrdFitsToTheLastPageAndNoFurther)
{
    with_memory(3);
    auto const kernel = make_elf(true, 0x200000, "Xen", 18, 0x200040);
    std::size_t const room = (3u << 20) - 0x202000;
    EXPECT_EQ(refusal(kernel, std::vector<std::uint8_t>(room)), "");
    EXPECT_EQ(refusal(kernel, std::vector<std::uint8_t>(room + 1)),
              "the initrd does not fit into the VM's memory: give the VM more memory or a smaller initrd");
}

TEST_F(Pvh, MutatedKernelsAreLoadedOrRefused)
{
    auto const file = make_elf(true, 0x200000, "Xen", 18, 0x200040);
    Seeded random(3);
    for (int round = 0; round < 3000; ++round)
    {
        auto copy = exact(file);
        for (auto changes = 1 + random.below(3); changes > 0; --changes)
            copy[random.below(0x120)] = static_cast<std::uint8_t>(random.below(256));
        static_cast<void>(refusal(copy));
    }
}

} // namespace
