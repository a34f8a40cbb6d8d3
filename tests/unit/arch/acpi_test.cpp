#include <gtest/gtest.h>

#include <random>

#include "arch/acpi/acpi.hpp"
#include "memory_image.hpp"

namespace ovm::arch
{

namespace
{

constexpr std::uint64_t base = 0xe0000;

void fix_checksum(Memory_image& image, std::uint64_t at, std::size_t size, std::size_t field)
{
    image.at(at + field) = 0;
    std::uint8_t sum = 0;
    for (std::size_t i = 0; i < size; ++i)
        sum = static_cast<std::uint8_t>(sum + image.at(at + i));
    image.at(at + field) = static_cast<std::uint8_t>(-sum);
}

/// A firmware's tables: RSDP, XSDT, MADT, SRAT, FADT, DSDT, written in place and then given their checksums.
class Firmware
{
public:
    Firmware()
    {
        image.zeros(0x40); // the RSDP's place, at `base`
        auto const dsdt = begin("DSDT");
        image.text(std::string_view("\x10\x20\\\0\x08_S5_\x12\x06\x04\x0a\x05\x0a\x03\0\0", 18));
        end(dsdt);

        fadt = begin("FACP");
        image.zeros(244 - 36);
        image.store(fadt + 48, 0xb2, 4);
        image.store(fadt + 52, 2, 1);
        image.store(fadt + 64, 0x604, 4);
        image.store(fadt + 76, 0x608, 4);
        image.store(fadt + 108, 0x32, 1);
        image.store(fadt + 112, 1u << 10 | 1u << 8, 4);
        image.store(fadt + 116, 1, 1);
        image.store(fadt + 120, 0xcf9, 8);
        image.store(fadt + 128, 0xf, 1);
        image.store(fadt + 140, dsdt, 8);
        end(fadt);

        madt = begin("APIC");
        image.number(0xfee00000, 4).number(1, 4);
        for (std::uint8_t id = 0; id < 4; ++id)
            image.number(0, 1).number(8, 1).number(id, 1).number(id * 2u, 1).number(id == 3 ? 0 : 1, 4);
        image.number(9, 1).number(16, 1).number(0, 2).number(300, 4).number(1, 4).number(9, 4);
        image.number(1, 1).number(12, 1).number(0, 2).number(0xfec00000, 4).number(0, 4);
        image.number(2, 1).number(10, 1).number(0, 1).number(9, 1).number(20, 4).number(0xf, 2);
        end(madt);

        auto const srat = begin("SRAT");
        image.zeros(12);
        core(0, 7);
        core(4, 9);
        memory(0, 0x8000'0000, 7);
        memory(0x1'0000'0000, 0x8000'0000, 9);
        end(srat);

        auto const hpet = begin("HPET");
        image.number(0x8086'a201, 4).number(0, 4).number(0xfed0'0000, 8).zeros(4);
        end(hpet);

        xsdt = begin("XSDT");
        image.number(fadt, 8).number(madt, 8).number(srat, 8).number(hpet, 8).number(0xffff'0000'0000'0000, 8);
        end(xsdt);

        rsdp = base;
        for (std::size_t i = 0; i < 8; ++i)
            image.at(rsdp + i) = static_cast<std::uint8_t>("RSD PTR "[i]);
        image.store(rsdp + 15, 2, 1);
        image.store(rsdp + 20, 36, 4);
        image.store(rsdp + 24, xsdt, 8);
        fix_checksum(image, rsdp, 20, 8);
        fix_checksum(image, rsdp, 36, 32);
        image.zeros(0x20000 - image.bytes().size());
    }

    Memory_image image{base};
    std::uint64_t rsdp = 0;
    std::uint64_t xsdt = 0;
    std::uint64_t madt = 0;
    std::uint64_t fadt = 0;
    std::uint64_t used = 0;

private:
    std::uint64_t begin(std::string_view signature)
    {
        image.align(16);
        auto const at = image.end();
        image.text(signature).zeros(32);
        return at;
    }
    void end(std::uint64_t at)
    {
        image.store(at + 4, image.end() - at, 4);
        fix_checksum(image, at, image.end() - at, 9);
        used = image.end() - base;
    }
    void core(std::uint8_t apic_id, std::uint8_t domain)
    {
        image.number(0, 1).number(16, 1).number(domain, 1).number(apic_id, 1).number(1, 4).zeros(8);
    }
    void memory(std::uint64_t begin, std::uint64_t size, std::uint32_t domain)
    {
        image.number(1, 1).number(40, 1).number(domain, 4).number(0, 2).number(begin, 8).number(size, 8);
        image.number(0, 4).number(1, 4).zeros(8);
    }
};

} // namespace

TEST(Acpi, a_whole_set_of_tables)
{
    Firmware firmware;
    Acpi_information found;
    ASSERT_TRUE(parse_acpi(firmware.image, Host_physical(firmware.rsdp), found).has_value());
    ASSERT_EQ(found.cores.size(), 4);
    EXPECT_EQ(found.cores[1].apic_id, 2);
    EXPECT_EQ(found.cores[3].apic_id, 300);
    EXPECT_EQ(found.cores[0].node, Node_id(0));
    EXPECT_EQ(found.cores[2].node, Node_id(1));
    EXPECT_EQ(found.node_count, 2);
    ASSERT_EQ(found.memory.size(), 2);
    EXPECT_EQ(found.memory[1].node, Node_id(1));
    EXPECT_EQ(found.io_apics[0].address, Host_physical(0xfec0'0000));
    EXPECT_EQ(found.route(9).line, 20);
    EXPECT_TRUE(found.route(9).level);
    EXPECT_TRUE(found.route(9).active_low);
    EXPECT_EQ(found.route(4).line, 4);
    EXPECT_EQ(found.pm_timer.address, 0x608);
    EXPECT_TRUE(found.pm_timer_is_32_bits);
    EXPECT_EQ(found.event_timer, Host_physical(0xfed0'0000));
    EXPECT_EQ(found.reset.address, 0xcf9);
    EXPECT_EQ(found.reset_value, 0xf);
    EXPECT_EQ(found.century, 0x32);
    ASSERT_TRUE(found.power_off.has_value());
    EXPECT_EQ(found.power_off->type_a, 5);
    EXPECT_EQ(found.power_off->type_b, 3);
    EXPECT_EQ(found.power_off->control_a.address, 0x604);
}

TEST(Acpi, the_rsdp_is_searched_where_the_pc_keeps_it)
{
    Firmware firmware;
    Acpi_information found;
    EXPECT_TRUE(parse_acpi(firmware.image, {}, found).has_value());
    EXPECT_TRUE(parse_acpi(firmware.image, Host_physical(0xe1230), found).has_value());
    firmware.image.at(firmware.rsdp + 3) ^= 1;
    EXPECT_EQ(parse_acpi(firmware.image, {}, found).error(), Error::not_found);
}

TEST(Acpi, a_table_with_a_wrong_checksum_is_passed_over)
{
    Firmware firmware;
    firmware.image.at(firmware.fadt + 200) ^= 0x10;
    Acpi_information found;
    ASSERT_TRUE(parse_acpi(firmware.image, Host_physical(firmware.rsdp), found).has_value());
    EXPECT_EQ(found.cores.size(), 4);
    EXPECT_FALSE(found.power_off.has_value());
    EXPECT_EQ(found.pm_timer.space, Acpi_register::Space::none);

    firmware.image.at(firmware.madt + 20) ^= 0x10;
    EXPECT_EQ(parse_acpi(firmware.image, Host_physical(firmware.rsdp), found).error(), Error::invalid);
    firmware.image.at(firmware.xsdt + 20) ^= 0x10;
    EXPECT_EQ(parse_acpi(firmware.image, Host_physical(firmware.rsdp), found).error(), Error::corrupt);
}

TEST(Acpi, no_bytes_make_the_parser_crash)
{
    Firmware const good;
    std::mt19937 random(11);
    for (int round = 0; round < 5'000; ++round)
    {
        auto firmware = good;
        for (int i = 0; i < 3; ++i)
            firmware.image.bytes()[random() % firmware.used] = static_cast<std::uint8_t>(random());
        // Checksums are made good again as far as lengths can be believed, so that what is within is reached.
        for (auto const table : {good.fadt, good.madt, good.xsdt})
        {
            auto const size = Byte_view(firmware.image.view(Host_physical(table), Bytes(8))).load32(4);
            if (size > 36 && table + size <= firmware.image.end())
                fix_checksum(firmware.image, table, size, 9);
        }
        Acpi_information found;
        static_cast<void>(parse_acpi(firmware.image, Host_physical(firmware.rsdp), found));
    }
}

TEST(Acpi, soft_off_in_many_spellings)
{
    auto const find = [](std::string_view aml)
    {
        Memory_image image(0);
        image.text(aml);
        return find_soft_off(Byte_view(image.bytes()));
    };
    using namespace std::string_view_literals;
    using Types = std::array<std::uint8_t, 2>;
    EXPECT_EQ(find("\x08_S5_\x12\x06\x04\0\0\0\0"sv), (Types{0, 0}));
    EXPECT_EQ(find("\x08\\_S5_\x12\x07\x04\x0a\x07\x01\0\0"sv), (Types{7, 1}));
    EXPECT_EQ(find("xx\x08_S5_\x12\x42\x01\x02\x0a\x05\x0a\x05...."sv), (Types{5, 5}));
    EXPECT_FALSE(find("_S5_\x12\x06\x04\0\0\0\0"sv).has_value());
    EXPECT_FALSE(find("\x08_S5_\x12"sv).has_value());
    EXPECT_FALSE(find("\x08_S5_\x12\x06\x04\x0a\x09\x0a\x09"sv).has_value());
    EXPECT_FALSE(find(""sv).has_value());
}

} // namespace ovm::arch
