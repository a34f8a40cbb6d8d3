#include <gtest/gtest.h>

#include <optional>

#include "loader/image_check.hpp"
#include "loader/module_builder.hpp"
#include "object/module/family.hpp"

namespace ovm::test
{

using loader::Image_check;
using loader::Module_image;
using loader::Refusal;
namespace format = loader::format;

namespace
{

/// What is wrong with a file.
std::optional<Refusal> check(std::span<const std::uint8_t> file)
{
    Module_image image;
    if (auto const refused = Module_image::open(file, image))
        return refused;
    Image_check check(image);
    for (int steps = 0; !check.done(); ++steps)
    {
        if (auto const refused = check.step())
            return refused;
        EXPECT_LT(steps, 10000);
    }
    return {};
}

std::optional<Refusal> check(const Module_builder& builder)
{
    return check(builder.build());
}

Module_builder small_module()
{
    Module_builder module;
    module.policy("lottery").parameter("slice", 1, 10, 100, 1).parameter("tickets", 1, 1, 1000);
    module.relocate(8, 0).relocate(16, module.constants_at()).import(24, "memcpy");
    return module;
}

void expect_refused(Refusal why, const std::function<void(Module_builder&)>& change)
{
    auto module = small_module();
    change(module);
    EXPECT_EQ(check(module), why) << to_text(why);
}

void expect_taken(const std::function<void(Module_builder&)>& change)
{
    auto module = small_module();
    change(module);
    EXPECT_EQ(check(module), std::nullopt);
}

void expect_refused_header(Refusal why, const std::function<void(format::Header&)>& change)
{
    EXPECT_EQ(check(small_module().build(change)), why) << to_text(why);
}

TEST(Module_image, GivesWhatAFileSays)
{
    auto const file = small_module().build();
    Module_image image;
    ASSERT_FALSE(Module_image::open(file, image));
    EXPECT_EQ(image.name(), "lottery");
    EXPECT_EQ(image.policies(), 1u);
    EXPECT_EQ(image.string(image.policy(0).name), "lottery");
    EXPECT_EQ(image.string(image.parameter(1).name), "tickets");
    EXPECT_EQ(image.relocations(), 2u);
    EXPECT_EQ(image.relocation(1).at, 16u);
    EXPECT_EQ(image.string(image.import(0).name), "memcpy");
    EXPECT_EQ(image.constants_at(), 4096u);
    EXPECT_EQ(image.size_in_memory(), Bytes(8192));
    EXPECT_TRUE(image.has_import_at(24));
    EXPECT_FALSE(image.has_import_at(16));
    EXPECT_FALSE(image.has_import_at(32));
    EXPECT_EQ(check(file), std::nullopt);
}

TEST(Module_image, FindsEveryImport)
{
    for (std::uint32_t count = 0; count <= 9; ++count)
    {
        auto module = small_module();
        module.imports.clear();
        module.constants.resize(256);
        for (std::uint32_t i = 0; i < count; ++i)
            module.import(32 + 16 * i, "memcpy");
        auto const file = module.build();
        Module_image image;
        ASSERT_FALSE(Module_image::open(file, image));
        for (std::uint32_t i = 0; i < count; ++i)
        {
            EXPECT_TRUE(image.has_import_at(32 + 16 * i)) << i << " of " << count;
            EXPECT_FALSE(image.has_import_at(40 + 16 * i)) << i << " of " << count;
        }
        EXPECT_FALSE(image.has_import_at(32 + 16 * count)) << count;
    }
}

TEST(Module_image, IsRefusedTruncatedAtEveryLength)
{
    auto const file = small_module().build();
    for (std::size_t size = 0; size < file.size(); ++size)
        EXPECT_TRUE(check(std::span(file).first(size))) << size;
}

TEST(Module_image, SurvivesEveryFlippedBit)
{
    auto file = small_module().build();
    for (std::size_t bit = 0; bit < file.size() * 8; ++bit)
    {
        auto& byte = file[bit / 8];
        byte = static_cast<std::uint8_t>(byte ^ 1U << bit % 8);
        static_cast<void>(check(file));
        byte = static_cast<std::uint8_t>(byte ^ 1U << bit % 8);
    }
    EXPECT_EQ(check(file), std::nullopt);
}

TEST(Module_image, SurvivesEveryWordOfTheHeaderBeingHostile)
{
    auto const file = small_module().build();
    for (std::size_t word = 0; word < sizeof(format::Header) / 4; ++word)
    {
        for (std::uint32_t const value : {0u, 1u, 7u, 159u, 160u, 0x7fffffffu, 0x80000000u, 0xfffffff8u, 0xffffffffu,
                                          static_cast<std::uint32_t>(file.size())})
        {
            auto hostile = file;
            for (std::size_t i = 0; i < 4; ++i)
                hostile[sizeof(format::Envelope) + word * 4 + i] = static_cast<std::uint8_t>(value >> (8 * i));
            static_cast<void>(check(hostile));
        }
    }
}

TEST(Module_image, LiesInOneFile)
{
    expect_refused_header(Refusal::not_a_module, [](auto& header) { header.magic[0] = 'P'; });
    expect_refused_header(Refusal::wrong_size, [](auto& header) { ++header.size; });
    expect_refused_header(Refusal::section_outside, [](auto& header) { header.notes.size += 1; });
    expect_refused_header(Refusal::section_outside, [](auto& header) { header.text.offset = 0; });
    expect_refused_header(Refusal::section_outside, [](auto& header) { header.text.offset = 0xffffffff; });
    expect_refused_header(Refusal::section_outside, [](auto& header) { header.strings.size = 0xffffffff; });
    expect_refused_header(Refusal::sections_overlap, [](auto& header) { header.text = header.constants; });
    expect_refused_header(Refusal::section_size, [](auto& header) { --header.policies.size; });
    expect_refused_header(Refusal::section_size, [](auto& header) { --header.relocations.size; });
    EXPECT_EQ(check(Code(format::most_bytes + 1)), Refusal::too_large);
    EXPECT_EQ(check(Code(format::most_bytes)), Refusal::not_a_module);
    constexpr auto least = sizeof(format::Envelope) + sizeof(format::Header);
    EXPECT_EQ(check(Code(least - 1)), Refusal::too_short);
    EXPECT_EQ(check(Code(least)), Refusal::not_a_module);
}

TEST(Image_check, WantsWhatAModuleHas)
{
    expect_refused(Refusal::no_text, [](auto& module) { module.text.clear(); });
    expect_refused(Refusal::no_policy, [](auto& module) { module.policies.clear(); });
    expect_refused(Refusal::too_many_policies, [](auto& module) { module.policies.resize(9, module.policies[0]); });
    expect_refused(Refusal::too_many_imports,
                   [](auto& module) { module.imports.resize(loader::most_imports + 1, module.imports[0]); });
    expect_refused(Refusal::bad_version, [](auto& module) { module.header.version = 0; });
    expect_refused(Refusal::too_much_stack, [](auto& module) { module.header.stack = format::most_stack + 1; });
}

TEST(Image_check, TakesOnlyNamesThatAPersonCanType)
{
    for (auto const* const name :
         {"", "Lottery", "two words", "-", "a-", "-a", "ends\n", "\xc3\xa4", "a-name-of-32-characters-is-too-lo"})
        expect_refused(Refusal::bad_name, [&](auto& module) { module.header.name = module.string(name); });
    expect_refused(Refusal::bad_name, [](auto& module) { module.header.name.offset = 0xffffffff; });
    expect_refused(Refusal::bad_name, [](auto& module) { module.policies[0].name.size = 1000; });
    expect_refused(Refusal::bad_name, [](auto& module) { module.parameters[0].name = module.string("a=b"); });
    expect_refused(Refusal::bad_name, [](auto& module) { module.imports[0].name.size = 0; });
    expect_refused(Refusal::bad_text, [](auto& module) { module.policies[0].meaning = module.string("\x1b[2J"); });
    expect_refused(Refusal::bad_text,
                   [](auto& module) { module.parameters[1].meaning = module.string(std::string(121, 'a')); });
}

TEST(Image_check, WantsPoliciesThatCanBe)
{
    expect_refused(Refusal::unknown_family, [](auto& module) { module.policies[0].family = 0; });
    expect_refused(Refusal::unknown_family, [](auto& module)
                   { module.policies[0].family = static_cast<std::uint32_t>(object::last_family) + 1; });
    expect_refused(Refusal::policy_twice, [](auto& module) { module.policies.push_back(module.policies[0]); });
    expect_refused(Refusal::policy_alignment, [](auto& module) { module.policies[0].alignment = 16; });
    expect_refused(Refusal::policy_alignment, [](auto& module) { module.policies[0].alignment = 3; });
    expect_refused(Refusal::policy_alignment, [](auto& module) { module.policies[0].alignment = 0; });
    expect_refused(Refusal::policy_size, [](auto& module) { module.policies[0].size = 0; });
    expect_refused(Refusal::policy_size, [](auto& module) { module.policies[0].size = loader::most_object + 8; });
    expect_refused(Refusal::policy_size, [](auto& module) { module.policies[0].size = 20; });
    expect_refused(Refusal::constructor_outside, [](auto& module) { module.policies[0].construct = 1; });
    expect_refused(Refusal::too_many_parameters, [](auto& module) { module.policies[0].parameters = 9; });
    expect_refused(Refusal::parameters_outside, [](auto& module) { module.policies[0].first_parameter = 1; });
    expect_refused(Refusal::parameters_outside, [](auto& module) { module.policies[0].first_parameter = 0xffffffff; });
}

TEST(Image_check, WantsParametersThatCanBe)
{
    expect_refused(Refusal::parameter_twice,
                   [](auto& module) { module.parameters[1].name = module.parameters[0].name; });
    expect_refused(Refusal::parameter_unit, [](auto& module) { module.parameters[0].unit = 3; });
    expect_refused(Refusal::parameter_unit, [](auto& module) { module.parameters[0].zero = 1; });
    expect_refused(Refusal::parameter_range, [](auto& module) { module.parameters[0].least = 11; });
    expect_refused(Refusal::parameter_range, [](auto& module) { module.parameters[0].most = 9; });
    expect_refused(Refusal::parameter_range, [](auto& module) { module.parameters[0].most = ~std::uint64_t{0}; });
}

TEST(Image_check, FillsInAddressesOfTheConstantsOnly)
{
    expect_refused(Refusal::place_outside, [](auto& module) { module.relocations[0].at = 4; });
    expect_refused(Refusal::place_outside, [](auto& module) { module.relocations[1].at = 64; });
    expect_refused(Refusal::place_outside, [](auto& module) { module.relocations[1].at = 0xfffffff8; });
    expect_refused(Refusal::place_outside, [](auto& module) { module.imports[0].at = 60; });
    expect_refused(Refusal::places_overlap, [](auto& module) { module.relocations[1].at = 8; });
    expect_refused(Refusal::places_overlap, [](auto& module) { module.relocations[0].at = 32; });
    expect_refused(Refusal::places_overlap, [](auto& module) { module.imports[0].at = 16; });
    expect_refused(Refusal::target_outside, [](auto& module) { module.relocate(32, 1); });
    expect_refused(Refusal::target_outside, [](auto& module) { module.relocate(32, 4095); });
    expect_refused(Refusal::target_outside, [](auto& module) { module.relocate(32, 4096 + 65); });
    expect_refused(Refusal::target_outside, [](auto& module) { module.relocate(32, ~std::uint64_t{0}); });
    expect_refused(Refusal::target_outside, [](auto& module) { module.relocate(32, std::uint64_t{1} << 56 | 4096); });
    auto module = small_module();
    module.relocate(32, 4096 + 64); // an array's end
    EXPECT_EQ(check(module), std::nullopt);
    module.relocate(40, 4096);
    EXPECT_EQ(check(module), std::nullopt);
    module.relocate(56, 0); // the last place
    EXPECT_EQ(check(module), std::nullopt);
}

TEST(Image_check, TakesWhatIsAtItsLimits)
{
    expect_taken(
        [](auto& module)
        {
            for (auto const* const name : {"b", "c", "d", "e", "f", "g", "h"})
                module.policy(name);
        });
    expect_taken(
        [](auto& module)
        {
            for (std::uint32_t place = 1; place < loader::most_imports; ++place)
                module.import(24 + 8 * place, "memcpy");
            module.constants.resize(24 + std::size_t{8} * loader::most_imports);
        });
    expect_taken([](auto& module) { module.header.stack = format::most_stack; });
    expect_taken([](auto& module) { module.policies[0].family = 1; });
    expect_taken([](auto& module) { module.policies[0].family = static_cast<std::uint32_t>(object::last_family); });
    for (std::uint32_t const alignment : {1u, 2u, 4u, 8u})
        expect_taken([&](auto& module) { module.policies[0].alignment = alignment; });
    expect_taken([](auto& module) { module.policies[0].size = format::address_size; });
    expect_taken([](auto& module) { module.policies[0].size = loader::most_object; });
    for (std::uint32_t const size : {format::address_size - 1, loader::most_object + 1})
    {
        expect_refused(Refusal::policy_size,
                       [&](auto& module)
                       {
                           module.policies[0].size = size;
                           module.policies[0].alignment = 1;
                       });
    }
    expect_taken(
        [](auto& module)
        {
            for (auto const* const name : {"c", "d", "e", "f", "g", "h"})
                module.parameter(name, 1, 1, 1);
        });
    expect_refused(Refusal::too_many_parameters,
                   [](auto& module)
                   {
                       for (auto const* const name : {"c", "d", "e", "f", "g", "h", "i"})
                           module.parameter(name, 1, 1, 1);
                   });
    expect_taken([](auto& module) { module.parameters[0].unit = 2; });
    expect_taken([](auto& module) { module.parameters[0].least = module.parameters[0].most = 10; });
    expect_taken([](auto& module) { module.parameters[0].most = loader::longest_duration; });
    expect_taken([](auto& module) { module.parameters[1].most = loader::longest_duration + 1; });
    expect_refused(Refusal::parameter_range,
                   [](auto& module) { module.parameters[0].most = loader::longest_duration + 1; });
}

TEST(Image_check, TakesTheCharactersThatItShould)
{
    for (unsigned character = 0; character < 256; ++character)
    {
        auto const text = std::string("a") + static_cast<char>(character) + "a";
        bool const in_names =
            (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') || character == '-';
        auto named = small_module();
        named.header.name = named.string(text);
        EXPECT_EQ(check(named), in_names ? std::nullopt : std::optional(Refusal::bad_name)) << character;
        bool const is_printable = character >= ' ' && character <= '~';
        auto described = small_module();
        described.policies[0].meaning = described.string(text);
        EXPECT_EQ(check(described), is_printable ? std::nullopt : std::optional(Refusal::bad_text)) << character;
        auto importing = small_module();
        importing.imports[0].name = importing.string(text);
        EXPECT_EQ(check(importing), is_printable ? std::nullopt : std::optional(Refusal::bad_name)) << character;
    }
    expect_taken([](auto& module) { module.header.name = module.string(std::string(format::most_name, 'a')); });
    expect_taken([](auto& module) { module.header.name = module.string("z"); });
    for (char const last : {',', '.', 'a'})
    {
        auto const expected = last == 'a' ? std::nullopt : std::optional(Refusal::bad_name);
        auto module = small_module();
        module.header.name = module.string(std::string("a") + last);
        EXPECT_EQ(check(module), expected);
        module.header.name = module.string(std::string(1, last) + "a");
        EXPECT_EQ(check(module), expected);
    }
    expect_taken([](auto& module)
                 { module.policies[0].meaning = module.string(std::string(format::most_meaning, 'a')); });
    expect_taken([](auto& module)
                 { module.parameters[0].meaning = module.string(std::string(format::most_meaning, 'a')); });
    expect_taken([](auto& module) { module.imports[0].name = module.string(std::string(loader::most_symbol, 'a')); });
    expect_refused(Refusal::bad_name, [](auto& module)
                   { module.imports[0].name = module.string(std::string(loader::most_symbol + 1, 'a')); });
    expect_refused(Refusal::bad_name, [](auto& module) { module.imports[0].name.offset = 0xffffffff; });
}

TEST(Image_check, TellsPoliciesAndParametersApart)
{
    expect_taken([](auto& module) { module.policy("lottery", 3).policy("stride", 3); });
    expect_refused(Refusal::policy_twice, [](auto& module) { module.policy("stride", 3).policy("stride", 3); });
    expect_refused(Refusal::policy_twice, [](auto& module) { module.policy("stride", 3).policy("lottery", 2); });
    expect_refused(Refusal::parameter_twice, [](auto& module) { module.parameter("tickets", 1, 1, 1); });
    expect_refused(Refusal::parameter_twice, [](auto& module) { module.parameter("slice", 1, 1, 1); });
    // Another policy's parameters may have the same names.
    expect_taken([](auto& module)
                 { module.policy("stride").parameter("slice", 1, 1, 1).parameter("tickets", 1, 1, 1); });
    expect_refused(Refusal::parameter_range, [](auto& module)
                   { module.policy("stride").parameter("slice", 1, 1, 1).parameter("last", 2, 1, 3); });
}

TEST(Image_check, TakesAsManyStepsAsItHasTo)
{
    // The header, a policy, two parameters; then 64 places each, and one more step that finds no other.
    for (std::uint32_t const places : {0u, 1u, 63u, 64u, 65u, 127u, 128u, 129u})
    {
        Module_builder module;
        module.policy("lottery").parameter("slice", 1, 1, 1).parameter("tickets", 1, 1, 1);
        module.constants.resize(2048);
        for (std::uint32_t place = 0; place < places; ++place)
        {
            if (place % 3 == 0 && place / 3 < loader::most_imports)
                module.import(8 * place, "memcpy");
            else
                module.relocate(8 * place, 0);
        }
        auto const file = module.build();
        Module_image image;
        ASSERT_FALSE(Module_image::open(file, image));
        Image_check check(image);
        unsigned steps = 0;
        for (; !check.done(); ++steps)
            ASSERT_EQ(check.step(), std::nullopt) << places;
        EXPECT_EQ(steps, 4 + places / 64 + 1) << places;
    }
}

TEST(Image_check, TakesManyAddresses)
{
    Module_builder module;
    module.constants.resize(128 << 10);
    module.policy("lottery");
    for (std::uint32_t at = 0; at < module.constants.size(); at += 16)
        module.relocate(at, 0);
    EXPECT_EQ(check(module), std::nullopt);
}

} // namespace
} // namespace ovm::test
