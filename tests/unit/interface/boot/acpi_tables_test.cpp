#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>

#include "guest_fixture.hpp"
#include "interface/boot/acpi_tables.hpp"
#include "interface/boot/entry_state.hpp"

namespace
{

using namespace ovm;
using namespace ovm::interface;

class Acpi_tables_test : public test::Guest
{
protected:
    /// By signature, as a guest finds them; each one's sum is checked.
    std::map<std::string, std::vector<std::uint8_t>> tables(std::uint32_t vcpus)
    {
        Acpi_tables writer(*memory_, vcpus);
        while (!writer.write_some().value())
            continue;
        auto const rsdp = layout::rsdp.value();
        EXPECT_EQ(text_at(rsdp, 8), "RSD PTR ");
        EXPECT_EQ(sum(read(rsdp, 20)), 0);
        EXPECT_EQ(sum(read(rsdp, 36)), 0);
        EXPECT_EQ(load(rsdp + 20, 4), 36u);
        std::map<std::string, std::vector<std::uint8_t>> found;
        auto const xsdt = table(load(rsdp + 24, 8));
        found["XSDT"] = xsdt;
        for (std::size_t at = 36; at < xsdt.size(); at += 8)
        {
            auto const bytes = table(little_endian(xsdt, at, 8));
            found[std::string(text_of(bytes).substr(0, 4))] = bytes;
        }
        auto const& fadt = found.at("FACP");
        EXPECT_EQ(little_endian(fadt, 40, 4), little_endian(fadt, 140, 8));
        found["DSDT"] = table(little_endian(fadt, 140, 8));
        found["FACS"] = read(little_endian(fadt, 36, 4), 64);
        return found;
    }

    std::vector<std::uint8_t> table(std::uint64_t at)
    {
        auto const size = load(at + 4, 4);
        EXPECT_GE(at, layout::acpi_tables.value());
        EXPECT_LE(at + size, layout::rsdp.value());
        auto bytes = read(at, size);
        EXPECT_EQ(sum(bytes), 0) << text_at(at, 4);
        return bytes;
    }

    std::string text_at(std::uint64_t at, std::size_t size)
    {
        auto const bytes = read(at, size);
        return std::string(text_of(bytes));
    }

    static std::uint8_t sum(const std::vector<std::uint8_t>& bytes)
    {
        return static_cast<std::uint8_t>(std::accumulate(bytes.begin(), bytes.end(), 0u));
    }
};

TEST_F(Acpi_tables_test, AreFoundFromTheRootWithRightSums)
{
    auto const found = tables(2);
    for (auto const name : {"XSDT", "FACP", "FACS", "APIC", "MCFG", "DSDT"})
        EXPECT_TRUE(found.contains(name)) << name;
}

TEST_F(Acpi_tables_test, DescribeThePowerManagementPorts)
{
    auto const fadt = tables(1).at("FACP");
    ASSERT_EQ(fadt.size(), 276u);
    EXPECT_EQ(little_endian(fadt, 46, 2), 9u);
    EXPECT_EQ(little_endian(fadt, 48, 4), 0u);
    EXPECT_EQ(little_endian(fadt, 56, 4), 0x600u);
    EXPECT_EQ(little_endian(fadt, 64, 4), 0x604u);
    EXPECT_EQ(little_endian(fadt, 76, 4), 0x608u);
    EXPECT_EQ(fadt[88], 4);
    EXPECT_EQ(fadt[89], 2);
    EXPECT_EQ(fadt[91], 4);
    EXPECT_EQ(little_endian(fadt, 112, 4) & (1u << 10), 1u << 10);
    EXPECT_EQ(little_endian(fadt, 120, 8), 0xcf9u);
    EXPECT_EQ(fadt[128], 6);
    EXPECT_EQ(fadt[131], 4);
    EXPECT_EQ(little_endian(fadt, 152, 8), 0x600u);
    EXPECT_EQ(little_endian(fadt, 176, 8), 0x604u);
    EXPECT_EQ(little_endian(fadt, 212, 8), 0x608u);
}

TEST_F(Acpi_tables_test, ListEveryProcessor)
{
    for (std::uint32_t vcpus : {1u, 2u, 16u})
    {
        auto const madt = tables(vcpus).at("APIC");
        std::vector<std::uint64_t> processors;
        std::map<std::uint8_t, int> others;
        for (std::size_t at = 44; at < madt.size(); at += madt[at + 1])
        {
            ASSERT_GT(madt[at + 1], 0);
            if (madt[at] == 0)
            {
                processors.push_back(madt[at + 3]);
                EXPECT_EQ(madt[at + 4], 1);
            }
            else
                ++others[madt[at]];
        }
        ASSERT_EQ(processors.size(), vcpus);
        for (std::size_t i = 0; i < vcpus; ++i)
            EXPECT_EQ(processors[i], i);
        EXPECT_EQ(others, (std::map<std::uint8_t, int>{{1, 1}, {2, 2}, {4, 1}}));
    }
}

TEST_F(Acpi_tables_test, RefuseImpossibleVcpuCounts)
{
    EXPECT_EQ(Acpi_tables(*memory_, 0).write_some().error(), Error::out_of_range);
    EXPECT_EQ(Acpi_tables(*memory_, 17).write_some().error(), Error::out_of_range);
}

/// The reference compiler reads each table, and takes the DSDT's source back without a remark.
TEST_F(Acpi_tables_test, SatisfyTheReferenceCompiler)
{
    if (!std::filesystem::exists("/usr/bin/iasl"))
        GTEST_SKIP() << "iasl is not installed";
    auto name = (std::filesystem::temp_directory_path() / "ovm-acpi-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    std::filesystem::path const folder = name;
    auto const run = [&](const std::string& arguments)
    { return std::system(("cd " + folder.string() + " && /usr/bin/iasl " + arguments + " >>log 2>&1").c_str()); };
    auto const log = [&]
    {
        std::ifstream file(folder / "log");
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    for (auto const& [signature, bytes] : tables(2))
    {
        std::ofstream(folder / (signature + ".aml"), std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        EXPECT_EQ(run("-d " + signature + ".aml"), 0) << signature << log();
    }
    EXPECT_EQ(run("-we -w3 -p again DSDT.dsl"), 0) << log();
    EXPECT_NE(log().find("0 Errors, 0 Warnings, 0 Remarks"), std::string::npos) << log();
    for (auto const word : {"rror", "nvalid", "Incorrect"})
    {
        auto const text = log();
        auto const at = text.find(word);
        EXPECT_TRUE(at == std::string::npos || text.substr(at - 3, 9) == "0 Errors,") << text;
    }
    std::filesystem::remove_all(folder);
}

} // namespace
