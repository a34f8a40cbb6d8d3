#include "loader/relocator.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "arch/raw_bytes.hpp"
#include "base/contract.hpp"
#include "loader/exports.hpp"
#include "loader/module_builder.hpp"
#include "loader/module_code.hpp"

namespace ovm::test
{

using loader::Module_image;
using loader::Refusal;
using loader::Relocator;

namespace
{

constexpr std::uint64_t base = 0x7f'0000'0000;

struct Linked
{
    std::optional<Refusal> refused{};
    Code constants{};
    unsigned steps = 0;

    std::uint64_t at(std::size_t place) const { return arch::load_number(std::span(constants).subspan(place), 8); }
};

/// Of a file that nobody has checked.
Linked link(const Module_builder& builder)
{
    auto const file = builder.build();
    Module_image image;
    EXPECT_FALSE(Module_image::open(file, image));
    Linked linked{.constants = builder.constants};
    Relocator relocator(image, linked.constants, base);
    while (!relocator.done() && !linked.refused)
    {
        linked.refused = relocator.step();
        ++linked.steps;
    }
    return linked;
}

TEST(Relocator, FillsInAddressesOfTheModuleAndOfWhatIsExported)
{
    Module_builder builder;
    builder.relocate(8, 0x30).import(16, "memcpy").import(56, "memset");
    auto const linked = link(builder);
    EXPECT_FALSE(linked.refused);
    EXPECT_EQ(linked.at(0), 0u);
    EXPECT_EQ(linked.at(8), base + 0x30);
    EXPECT_EQ(linked.at(16), loader::exported("memcpy"));
    EXPECT_EQ(linked.at(24), 0u);
    EXPECT_EQ(linked.at(56), loader::exported("memset"));
}

TEST(Relocator, TakesSeveralStepsForManyPlaces)
{
    Module_builder builder;
    builder.constants = Code(8 * 300);
    for (std::uint32_t place = 0; place < 299; ++place)
        builder.relocate(8 * place, place);
    builder.import(8 * 299, "memcmp");
    auto const linked = link(builder);
    EXPECT_FALSE(linked.refused);
    EXPECT_EQ(linked.steps, 3u);
    for (std::uint32_t place = 0; place < 299; ++place)
        EXPECT_EQ(linked.at(8 * place), base + place);
    EXPECT_EQ(linked.at(8 * 299), loader::exported("memcmp"));
}

TEST(Relocator, WritesNothingOutsideOfTheConstants)
{
    for (std::uint32_t const at : {57u, 64u, 4096u, ~0u - 7, ~0u})
    {
        Module_builder relocation;
        relocation.relocations.push_back({at});
        auto const relocated = link(relocation);
        EXPECT_EQ(relocated.refused, Refusal::place_outside) << at;
        EXPECT_EQ(relocated.constants, relocation.constants);
        Module_builder import;
        import.import(at, "memcpy");
        auto const resolved = link(import);
        EXPECT_EQ(resolved.refused, Refusal::place_outside) << at;
        EXPECT_EQ(resolved.constants, import.constants);
    }
}

TEST(Relocator, RefusesWhatIsNotExported)
{
    Module_builder builder;
    builder.import(0, "malloc");
    EXPECT_EQ(link(builder).refused, Refusal::unknown_import);
    builder.imports.front().name.offset = ~0u;
    EXPECT_EQ(link(builder).refused, Refusal::unknown_import);
}

TEST(Exports, AreWhereTheFunctionsBegin)
{
    EXPECT_EQ(loader::exported("memcpy"), loader::address_of(&std::memcpy));
    EXPECT_EQ(loader::exported("memmove"), loader::address_of(&std::memmove));
    EXPECT_EQ(loader::exported("memset"), loader::address_of(&std::memset));
    EXPECT_EQ(loader::exported("memcmp"), loader::address_of(&std::memcmp));
    EXPECT_EQ(loader::exported("_ZN3ovm15contract_brokenEPKcS1_S1_i"), loader::address_of(&contract_broken));
    for (auto const* const name : {"", "mem", "memcpy2", "Memcpy", "malloc", "contract_broken"})
        EXPECT_EQ(loader::exported(name), std::nullopt) << name;
}

} // namespace

} // namespace ovm::test
