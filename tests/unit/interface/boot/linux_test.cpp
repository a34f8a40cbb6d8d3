#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "interface/boot/guest_fixture.hpp"
#include "interface/boot/linux.hpp"
#include "interface/boot/memory_map.hpp"

namespace ovm::interface::test
{
namespace
{

constexpr std::uint64_t preferred = 0x100'0000;

/// A bzImage as Documentation/arch/x86/boot.rst describes one: a boot sector, `setup_sectors` more, then the code.
std::vector<std::uint8_t> make_kernel(std::size_t code_size = 5000)
{
    constexpr std::size_t setup_sectors = 3;
    code_size = (code_size + 15) / 16 * 16;
    std::vector<std::uint8_t> kernel((setup_sectors + 1) * 512 + code_size);
    auto const put = [&kernel](std::size_t at, unsigned width, std::uint64_t value)
    { put_little_endian(kernel, at, width, value); };
    put(0x1f1, 1, setup_sectors);
    put(0x1f4, 4, code_size / 16);
    put(0x1fe, 2, 0xaa55);
    put(0x200, 2, 0x6aeb); // a jump over the header, which ends at 0x26c
    put(0x202, 4, 0x53726448);
    put(0x206, 2, 0x20f);
    put(0x211, 1, 0x81);
    put(0x22c, 4, 0x7fff'ffff);
    put(0x230, 4, 0x20'0000);
    put(0x234, 1, 1);
    put(0x236, 2, 0x3);
    put(0x238, 4, 2047);
    put(0x258, 8, preferred);
    put(0x260, 4, 0x20'0000);
    for (std::size_t i = 0; i < code_size; ++i)
        kernel[(setup_sectors + 1) * 512 + i] = static_cast<std::uint8_t>(i * 7 + 1);
    return kernel;
}

class Linux_test : public Guest
{
protected:
    std::expected<Entry_state, Load_error> load_kernel(const std::vector<std::uint8_t>& kernel,
                                                       const std::vector<std::uint8_t>& initrd = {},
                                                       std::string_view command_line = "console=ttyS0")
    {
        return load_all(load_linux, kernel, initrd, command_line);
    }

    void expect_refused(const std::vector<std::uint8_t>& kernel, std::string_view words,
                        const std::vector<std::uint8_t>& initrd = {}, std::string_view command_line = {})
    {
        auto const entry = load_kernel(kernel, initrd, command_line);
        ASSERT_FALSE(entry) << words;
        EXPECT_NE(entry.error().what.find(words), std::string_view::npos) << entry.error().what;
    }
};

TEST_F(Linux_test, ParametersAreWhereTheKernelLooks)
{
    auto const kernel = make_kernel();
    std::vector<std::uint8_t> const initrd(10'000, 0x42);
    auto const entry = load_kernel(kernel, initrd, "console=ttyS0 panic=-1");
    ASSERT_TRUE(entry) << entry.error().what;
    EXPECT_EQ(entry->mode, Entry_state::Mode::long64);
    EXPECT_EQ(entry->rip, preferred + 0x200);
    auto const zero_page = entry->rsi;

    EXPECT_EQ(load(zero_page + 0x1fe, 2), 0xaa55u);
    EXPECT_EQ(load(zero_page + 0x202, 4), 0x53726448u);
    EXPECT_EQ(load(zero_page + 0x258, 8), preferred) << "the setup header is copied";
    EXPECT_EQ(load(zero_page + 0x26c, 8), 0u) << "and nothing behind it";
    EXPECT_EQ(load(zero_page + 0x210, 1), 0xffu) << "a loader without a number of its own";
    EXPECT_EQ(load(zero_page + 0x211, 1), 0x01u) << "loaded high, no heap";
    EXPECT_EQ(load(zero_page + 0x070, 8), layout::rsdp.value());
    EXPECT_EQ(text(load(zero_page + 0x228, 4)), "console=ttyS0 panic=-1");

    auto const initrd_at = load(zero_page + 0x218, 4);
    EXPECT_EQ(load(zero_page + 0x21c, 4), initrd.size());
    EXPECT_EQ(initrd_at % 4096, 0u);
    EXPECT_GE(initrd_at, preferred + 0x20'0000);
    EXPECT_LE(initrd_at + initrd.size(), 32u << 20);
    EXPECT_EQ(read(initrd_at, initrd.size()), initrd);

    auto const code = read(preferred, 5000);
    EXPECT_TRUE(std::equal(code.begin(), code.end(), kernel.begin() + 2048));
}

TEST_F(Linux_test, MemoryMapIsTheGuests)
{
    with_memory(48);
    auto const entry = load_kernel(make_kernel());
    ASSERT_TRUE(entry);
    auto const map = guest_memory_map(memory_->ram());
    ASSERT_EQ(load(entry->rsi + 0x1e8, 1), map.size());
    for (std::size_t i = 0; i < map.size(); ++i)
    {
        auto const at = entry->rsi + 0x2d0 + i * 20;
        EXPECT_EQ(load(at, 8), map[i].range.begin.value());
        EXPECT_EQ(load(at + 8, 8), map[i].range.size.value());
        EXPECT_EQ(load(at + 16, 4), static_cast<std::uint32_t>(map[i].type));
    }
}

TEST_F(Linux_test, FourGigabytesAreMappedOneToOne)
{
    auto const entry = load_kernel(make_kernel());
    ASSERT_TRUE(entry);
    for (std::uint64_t address = 0; address < std::uint64_t{4} << 30; address += 0x3f'f123)
    {
        auto table = entry->page_tables.value();
        table = load(table + (address >> 39) * 8, 8);
        ASSERT_EQ(table & 0x83, 0x03u);
        table = load((table & ~0xfffull) + (address >> 30) * 8, 8);
        ASSERT_EQ(table & 0x83, 0x03u);
        auto const page = load((table & ~0xfffull) + ((address >> 21) & 511) * 8, 8);
        ASSERT_EQ(page & 0x83, 0x83u);
        ASSERT_EQ(page & ~0x1f'ffffull, address & ~0x1f'ffffull);
    }
    EXPECT_EQ(load(entry->gdt.value() + 0x10, 8), 0x00af9b000000ffffu) << "boot.rst: __BOOT_CS is 0x10, 64-bit code";
    EXPECT_EQ(load(entry->gdt.value() + 0x18, 8), 0x00cf93000000ffffu) << "__BOOT_DS is 0x18";
}

TEST_F(Linux_test, RefusalsSayWhatToDo)
{
    auto const good = make_kernel();
    expect_refused({}, "empty");
    expect_refused(std::vector<std::uint8_t>(5000, 0x90), "no bzImage");
    expect_refused({good.begin(), good.begin() + 0x100}, "no bzImage");
    expect_refused({good.begin(), good.begin() + 2048}, "truncated");
    expect_refused({good.begin(), good.end() - 100}, "truncated");

    auto old = good;
    put_little_endian(old, 0x206, 2, 0x20b);
    expect_refused(old, "no 64-bit entry");
    auto narrow = good;
    put_little_endian(narrow, 0x236, 2, 0);
    expect_refused(narrow, "no 64-bit entry");

    for (auto const at : {std::uint64_t{0}, std::uint64_t{0xfffff}, std::uint64_t{0x1f0'0000},
                          std::uint64_t{0xc000'0000}, ~std::uint64_t{0}})
    {
        auto elsewhere = good;
        put_little_endian(elsewhere, 0x258, 8, at);
        expect_refused(elsewhere, "does not fit");
    }
    expect_refused(good, "initrd does not fit", std::vector<std::uint8_t>((14 << 20) + 1));
    expect_refused(good, "command line", {}, std::string(2048, 'x'));
    EXPECT_TRUE(load_kernel(good, {}, std::string(2047, 'x')));
    with_memory(17);
    expect_refused(good, "more memory");
}

TEST_F(Linux_test, InitrdStaysBelowTheKernelsLimit)
{
    auto kernel = make_kernel();
    put_little_endian(kernel, 0x22c, 4, 0x13f'ffff);
    auto const entry = load_kernel(kernel, std::vector<std::uint8_t>(0x10'0001, 1));
    ASSERT_TRUE(entry);
    EXPECT_EQ(load(entry->rsi + 0x218, 4), 0x12f'f000u & 0xffff'f000u);
    put_little_endian(kernel, 0x22c, 4, 0);
    expect_refused(kernel, "initrd does not fit", {1, 2, 3});
}

TEST_F(Linux_test, AnyMutationIsLoadedOrRefused)
{
    auto const good = make_kernel(2000);
    Seeded random(11);
    unsigned loaded = 0;
    for (int round = 0; round < 3000; ++round)
    {
        auto kernel = good;
        for (auto changes = 1 + random.below(6); changes > 0; --changes)
        {
            auto const at = random.below(4) == 0 ? random.below(kernel.size()) : 0x1f1 + random.below(0x7b);
            kernel[at] = static_cast<std::uint8_t>(random.below(3) == 0 ? 0xff : random.below(256));
        }
        if (random.below(5) == 0)
            kernel.resize(random.below(kernel.size()));
        auto const entry = load_kernel(kernel, std::vector<std::uint8_t>(random.below(5000)));
        if (!entry)
        {
            ASSERT_FALSE(entry.error().what.empty());
            continue;
        }
        ++loaded;
        ASSERT_GE(entry->rip, 0x10'0000u);
        ASSERT_LT(entry->rip, 32u << 20);
    }
    EXPECT_GT(loaded, 100u);
}

} // namespace
} // namespace ovm::interface::test
