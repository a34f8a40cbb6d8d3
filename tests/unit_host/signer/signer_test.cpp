#include <gtest/gtest.h>

#include "loader/format.hpp"
#include "object/module/module.hpp"
#include "signer/elf_builder.hpp"

namespace ovm::compiler::signer::test
{
namespace
{

Statement statement()
{
    Statement result{.name = "module", .version = 4, .obligations = 11, .notes = "made by hand\n"};
    result.interfaces[1] = sha256("scheduler");
    return result;
}

Private_key key()
{
    return std::move(*Private_key::from_seed({1, 2, 3}));
}

std::string refusal(const Elf_builder& elf, const Statement& said = statement())
{
    auto const body = make_module(elf.finish(), said);
    return body ? "" : body.error().what;
}

} // namespace

// The signer reads these out of a linked module, where they stand as clang lays them out with libc++.
TEST(Signer, KnowsTheLayoutOfWhatAModuleProvides)
{
    static_assert(offsetof(object::Provided, family) == 0 && offsetof(object::Provided, size) == 4 &&
                  offsetof(object::Provided, alignment) == 8 && offsetof(object::Provided, description) == 16 &&
                  offsetof(object::Provided, construct) == 24);
    static_assert(offsetof(object::Policy_description, name) == 0 &&
                  offsetof(object::Policy_description, meaning) == 16 &&
                  offsetof(object::Policy_description, parameters) == 32);
    static_assert(offsetof(object::Parameter, name) == 0 && offsetof(object::Parameter, unit) == 16 &&
                  offsetof(object::Parameter, initial) == 24 && offsetof(object::Parameter, least) == 32 &&
                  offsetof(object::Parameter, most) == 40 && offsetof(object::Parameter, meaning) == 48 &&
                  sizeof(object::Parameter) == 64);
}

TEST(Signer, WritesWhatItReads)
{
    auto const body = make_module(one_policy().finish(), statement());
    ASSERT_TRUE(body) << body.error().what;
    auto const contents = read_module(key().sign(*body));
    ASSERT_TRUE(contents) << contents.error().what;
    EXPECT_TRUE(contents->signature_good);
    EXPECT_EQ(contents->key, key().public_key());
    EXPECT_EQ(contents->name, "module");
    EXPECT_EQ(contents->version, 4u);
    EXPECT_EQ(contents->obligations, 11u);
    EXPECT_EQ(contents->stack, 64u + 136u + 16u);
    EXPECT_EQ(contents->text, 64u);
    EXPECT_EQ(contents->relocations, 8u);
    EXPECT_EQ(contents->imports, std::vector<std::string>{"memset"});
    ASSERT_EQ(contents->policies.size(), 1u);
    auto const& policy = contents->policies[0];
    EXPECT_EQ(policy.name, "mine");
    EXPECT_EQ(policy.meaning, "does it");
    EXPECT_EQ(policy.interface, sha256("scheduler"));
    EXPECT_EQ(policy.construct, 0x10u);
    EXPECT_EQ(policy.size, 24u);
    EXPECT_EQ(policy.alignment, 8u);
    ASSERT_EQ(policy.parameters.size(), 1u);
    EXPECT_EQ(policy.parameters[0].name, "slice");
    EXPECT_EQ(policy.parameters[0].unit, 1u);
    EXPECT_EQ(policy.parameters[0].initial, 5u);
    EXPECT_EQ(policy.parameters[0].least, 2u);
    EXPECT_EQ(policy.parameters[0].most, 9u);
    EXPECT_EQ(contents->notes, "made by hand\n");
}

TEST(Signer, GivesTheSameBytesForTheSame)
{
    EXPECT_EQ(key().sign(*make_module(one_policy().finish(), statement())),
              key().sign(*make_module(one_policy().finish(), statement())));
}

// 32 bytes of zero are a key, too: a point of order 4, by which a signature of zeros is good for every fourth text.
TEST(Signer, NothingIsNoSignature)
{
    for (std::uint32_t version = 1; version <= 64; ++version)
    {
        auto said = statement();
        said.version = version;
        auto const file = without_signature(*make_module(one_policy().finish(), said));
        EXPECT_FALSE(read_module(file)->signature_good) << version;
    }
}

TEST(Signer, RefusesWhatAModuleHasNoPlaceFor)
{
    for (auto const* const name : {".data", ".bss", ".init_array", ".tdata", ".plt", ".mine"})
    {
        auto elf = one_policy();
        elf.more.push_back({name, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 0x5000, Bytes(8)});
        EXPECT_EQ(refusal(elf), std::string("the module has a section '") + name + "' of 8 bytes");
    }
}

TEST(Signer, RefusesOtherRelocations)
{
    auto in_code = one_policy();
    in_code.relocations.push_back({0x8, ELF64_R_INFO(0, R_X86_64_RELATIVE), 0});
    EXPECT_EQ(refusal(in_code), "a relocation changes the code at 0x8");
    for (auto const type : {R_X86_64_PC32, R_X86_64_32, R_X86_64_TPOFF64, R_X86_64_IRELATIVE, R_X86_64_COPY})
    {
        auto elf = one_policy();
        elf.relocations.push_back({Elf_builder::constants_at, ELF64_R_INFO(0, type), 0});
        EXPECT_EQ(refusal(elf), "a relocation at 0x1000 is of type " + std::to_string(type));
    }
    auto outside = one_policy();
    outside.address(0x100000);
    EXPECT_NE(refusal(outside).find("leads out of the module"), std::string::npos);
    auto inside_import = one_policy();
    inside_import.import("memcpy", 4);
    EXPECT_EQ(refusal(inside_import), "it wants an address inside of 'memcpy'");
    auto unknown = one_policy();
    unknown.import("reboot");
    EXPECT_EQ(refusal(unknown), "the module calls 'reboot', which is nowhere defined");
}

TEST(Signer, RefusesWhatTheLoaderWould)
{
    EXPECT_EQ(refusal(one_policy("Mine")), "'Mine' is no name for policy");
    EXPECT_EQ(refusal(one_policy("mine", 10)), "the initial value 10 of parameter 'slice' is not between 2 and 9");
    EXPECT_EQ(refusal(one_policy("mine", 5, 1ull << 50)), "parameter 'slice' may be longer than a day");
    auto nameless = statement();
    nameless.name = "";
    EXPECT_EQ(refusal(one_policy(), nameless), "'' is no name for a module");
    auto zero = statement();
    zero.version = 0;
    EXPECT_EQ(refusal(one_policy(), zero), "the module's version is 0");
    auto foreign = statement();
    foreign.interfaces.clear();
    EXPECT_EQ(refusal(one_policy(), foreign), "policy 'mine' is of family 1");
    auto deep = one_policy();
    deep.more.push_back({".stack_sizes", SHT_PROGBITS, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x20}});
    EXPECT_EQ(refusal(deep), "the module may need " + std::to_string(64 + 136 + 16 + 4096 + 16) + " bytes of stack");
    Elf_builder empty;
    empty.word(0);
    EXPECT_EQ(refusal(empty), "the module provides no policies");
}

// What comes out is no matter; that nothing outside of the file is touched, the sanitizers see.
TEST(Signer, ReadsNothingOutsideOfADamagedFile)
{
    auto const elf = one_policy().finish();
    for (std::size_t size = 0; size < elf.size(); ++size)
        EXPECT_FALSE(make_module(Bytes_view(elf).first(size), statement()));
    for (std::size_t at = 0; at < elf.size(); ++at)
    {
        for (auto const value : {0x00, 0x01, 0x7f, 0x80, 0xff})
        {
            auto damaged = elf;
            damaged[at] = static_cast<std::uint8_t>(value);
            static_cast<void>(make_module(damaged, statement()));
        }
    }
    auto const file = key().sign(*make_module(elf, statement()));
    for (std::size_t size = 0; size < file.size(); ++size)
        EXPECT_FALSE(read_module(Bytes_view(file).first(size)));
    for (std::size_t bit = 0; bit < file.size() * 8; ++bit)
    {
        auto damaged = file;
        damaged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        auto const contents = read_module(damaged);
        EXPECT_FALSE(contents && contents->signature_good) << bit;
    }
}

TEST(Signer, KeysGoThroughText)
{
    auto const made = Private_key::generate();
    ASSERT_TRUE(made);
    auto const again = Private_key::from_text(made->to_text());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->public_key(), made->public_key());
    EXPECT_EQ(Public_key::from_text(made->public_key().to_text()), made->public_key());
    for (std::string_view const text : {"", "ovm-public-key ", "ovm-private-key 00", "ovm-public-key zz"})
    {
        EXPECT_FALSE(Public_key::from_text(text));
        EXPECT_FALSE(Private_key::from_text(text));
    }
    EXPECT_FALSE(Public_key::from_text(made->to_text())) << "a private key is none to give away";
}

TEST(Signer, ListsOfKeysSayWhatTheyWereMadeOf)
{
    Key_changes const changes{.counter = 9,
                              .added = {key().public_key()},
                              .revoked = {Public_key{{7}}, Public_key{{8}}},
                              .modules = {{"one", 1}, {"two", 22}}};
    auto const file = key().sign(*make_key_list(changes));
    auto const contents = read_key_list(file);
    ASSERT_TRUE(contents) << contents.error().what;
    EXPECT_TRUE(contents->signature_good);
    EXPECT_EQ(contents->changes.counter, 9u);
    EXPECT_EQ(contents->changes.added, changes.added);
    EXPECT_EQ(contents->changes.revoked, changes.revoked);
    ASSERT_EQ(contents->changes.modules.size(), 2u);
    EXPECT_EQ(contents->changes.modules[1].name, "two");
    EXPECT_EQ(contents->changes.modules[1].version, 22u);
    for (std::size_t size = 0; size < file.size(); ++size)
        EXPECT_FALSE(read_key_list(Bytes_view(file).first(size)));
    for (std::size_t bit = 0; bit < file.size() * 8; ++bit)
    {
        auto damaged = file;
        damaged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        auto const read = read_key_list(damaged);
        EXPECT_FALSE(read && read->signature_good) << bit;
    }
}

TEST(Signer, ListsOfKeysAreBounded)
{
    Key_changes changes{.counter = 1, .added = std::vector<Public_key>(loader::format::most_listed)};
    EXPECT_TRUE(make_key_list(changes));
    changes.added.emplace_back();
    EXPECT_FALSE(make_key_list(changes));
    EXPECT_FALSE(make_key_list({.counter = 0}));
    EXPECT_FALSE(make_key_list({.counter = 1, .modules = {{"No name", 1}}}));
}

} // namespace ovm::compiler::signer::test
