#include "loader/key_list.hpp"

#include <random>

#include "loader/key_list_builder.hpp"
#include "loader/loader_fixture.hpp"

namespace ovm::test
{
namespace
{

using loader::Key_list;
using loader::Key_ring;
using loader::Refusal;

/// What becomes of a ring with test_key by a list, or why not.
std::optional<Refusal> read(const Code& body, Key_ring& ring)
{
    Key_list list(body, ring);
    for (unsigned steps = 0; !list.done(); ++steps)
    {
        EXPECT_LT(steps, 300u);
        if (auto const refused = list.step())
            return refused;
    }
    ring = list.after();
    return {};
}

class Key_list_test : public testing::Test
{
protected:
    std::optional<Refusal> read(const Key_list_builder& list) { return test::read(list.body(), ring_); }
    Key_ring ring_{std::array<Key_ring::Key, 1>{test_key}};
};

TEST_F(Key_list_test, AddsRotatesAndRevokes)
{
    EXPECT_EQ(ring_.standing(key_of(1)), Key_ring::Standing::unknown);
    EXPECT_FALSE(read(Key_list_builder(5).add(key_of(1)).add(test_key)));
    EXPECT_EQ(ring_.standing(key_of(1)), Key_ring::Standing::trusted);
    EXPECT_EQ(ring_.trusted(), 2u);
    EXPECT_EQ(ring_.counter(), 5u);
    EXPECT_FALSE(read(Key_list_builder(6).add(key_of(2)).revoke(test_key).revoke(key_of(9))));
    EXPECT_EQ(ring_.standing(test_key), Key_ring::Standing::revoked);
    EXPECT_EQ(ring_.standing(key_of(9)), Key_ring::Standing::revoked);
    EXPECT_EQ(ring_.trusted(), 2u);
    EXPECT_EQ(read(Key_list_builder(7).add(test_key)), Refusal::key_comes_back);
    EXPECT_FALSE(read(Key_list_builder(8).revoke(test_key))) << "once more is no harm";
}

TEST_F(Key_list_test, RevokesModulesUpToAVersion)
{
    EXPECT_FALSE(read(Key_list_builder(1).revoke("lottery", 3).revoke("stride", 1)));
    EXPECT_TRUE(ring_.revokes("lottery", 1));
    EXPECT_TRUE(ring_.revokes("lottery", 3));
    EXPECT_FALSE(ring_.revokes("lottery", 4));
    EXPECT_FALSE(ring_.revokes("lotter", 1));
    EXPECT_FALSE(read(Key_list_builder(2).revoke("lottery", 1)));
    EXPECT_TRUE(ring_.revokes("lottery", 3)) << "what was revoked stays so";
    EXPECT_FALSE(read(Key_list_builder(3).revoke("lottery", 9)));
    EXPECT_TRUE(ring_.revokes("lottery", 9));
    EXPECT_EQ(ring_.revoked_modules(), 2u);
}

TEST_F(Key_list_test, NeverCountsBack)
{
    EXPECT_EQ(read(Key_list_builder(0)), Refusal::old_counter);
    EXPECT_FALSE(read(Key_list_builder(1ULL << 40)));
    EXPECT_EQ(read(Key_list_builder(1ULL << 40).add(key_of(1))), Refusal::old_counter);
    EXPECT_EQ(read(Key_list_builder(5).add(key_of(1))), Refusal::old_counter);
    EXPECT_EQ(ring_.trusted(), 1u);
    EXPECT_FALSE(read(Key_list_builder(~std::uint64_t{0})));
    EXPECT_EQ(read(Key_list_builder(~std::uint64_t{0})), Refusal::old_counter);
}

TEST_F(Key_list_test, LeavesAKeyThatIsTrusted)
{
    EXPECT_EQ(read(Key_list_builder(1).revoke(test_key)), Refusal::no_key_left);
    EXPECT_EQ(read(Key_list_builder(1).add(key_of(1)).revoke(test_key).revoke(key_of(1))), Refusal::no_key_left);
    EXPECT_EQ(ring_.standing(test_key), Key_ring::Standing::trusted);
    EXPECT_EQ(ring_.counter(), 0u);
}

TEST_F(Key_list_test, HasRoomForSoMany)
{
    Key_list_builder many(1);
    for (std::uint8_t i = 1; i < Key_ring::most_trusted; ++i)
        many.add(key_of(i));
    EXPECT_FALSE(read(many));
    EXPECT_EQ(read(Key_list_builder(2).add(key_of(100))), Refusal::too_many_keys);
    Key_list_builder revoked(3);
    for (unsigned i = 0; i < Key_ring::most_revoked; ++i)
        revoked.revoke(key_of(static_cast<std::uint8_t>(150 + i)));
    EXPECT_FALSE(read(revoked));
    EXPECT_EQ(read(Key_list_builder(4).revoke(key_of(101))), Refusal::too_many_keys);
    Key_list_builder modules(5);
    for (unsigned i = 0; i < Key_ring::most_revoked; ++i)
        modules.revoke("m" + std::to_string(i), 1);
    EXPECT_FALSE(read(modules));
    EXPECT_EQ(read(Key_list_builder(6).revoke("one-more", 1)), Refusal::too_many_keys);
}

TEST_F(Key_list_test, RefusesWhatIsNoList)
{
    auto const refuses = [this](const Code& body, Refusal why)
    {
        EXPECT_EQ(test::read(body, ring_), why);
        EXPECT_EQ(ring_.counter(), 0u);
        EXPECT_EQ(ring_.trusted(), 1u);
    };
    refuses({}, Refusal::not_a_key_list);
    refuses(Code(31), Refusal::not_a_key_list);
    refuses(Code(32), Refusal::not_a_key_list);
    auto const whole = Key_list_builder(1).add(key_of(1)).revoke(key_of(2)).revoke("a-module", 1).body();
    for (std::size_t size = 0; size < whole.size(); ++size)
        refuses(Code(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
                size < 32 ? Refusal::not_a_key_list : Refusal::wrong_size);
    auto longer = whole;
    longer.push_back(0);
    refuses(longer, Refusal::wrong_size);
    Key_list_builder many(1);
    many.header.added = 65;
    refuses(many.body(), Refusal::too_many_keys);
    many.header.added = ~std::uint32_t{0};
    many.header.revoked = 1;
    refuses(many.body(), Refusal::too_many_keys);
    for (auto const* const name : {"", "-a", "A", "a b"})
        refuses(Key_list_builder(1).revoke(name, 1).body(), Refusal::bad_name);
    auto padded = Key_list_builder(1).revoke("a", 1);
    padded.modules[5] = 'b';
    refuses(padded.body(), Refusal::bad_name);
    auto full = Key_list_builder(1).revoke(std::string(32, 'a'), 1);
    refuses(full.body(), Refusal::bad_name);
}

TEST_F(Key_list_test, SurvivesEveryBitBeingWrong)
{
    auto const whole = Key_list_builder(3).add(key_of(1)).revoke(key_of(2)).revoke("a-module", 1).body();
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit)
    {
        auto body = whole;
        body[bit / 8] = static_cast<std::uint8_t>(body[bit / 8] ^ 1U << bit % 8);
        Key_ring ring(std::array<Key_ring::Key, 1>{test_key});
        if (test::read(body, ring))
            EXPECT_EQ(ring.counter(), 0u);
    }
}

class Revocation_test : public Loader_fixture
{
protected:
    std::string take(const Key_list_builder& list)
    {
        loader_.take_keys("a.okeys", file_ = list.build());
        return finish();
    }
    Code file_{};
};

TEST_F(Revocation_test, TakesAListAsAFile)
{
    EXPECT_EQ(take(Key_list_builder(4).add(key_of(1)).revoke("a-module", 2)),
              "keys a.okeys: list 4 is in force: 2 keys trusted, 0 keys and 1 modules revoked");
    EXPECT_EQ(take(Key_list_builder(4)),
              "keys a.okeys refused: its counter is not higher than that of the list before");
    loader_.take_keys("a.okeys", file_ = Code(20));
    EXPECT_EQ(finish(), "keys a.okeys refused: it is too short to be signed");
    auto file = Key_list_builder(5).add(key_of(2)).build();
    for (std::size_t bit = 0; bit < file.size() * 8; bit += 7)
    {
        file[bit / 8] = static_cast<std::uint8_t>(file[bit / 8] ^ 1U << bit % 8);
        auto const number = loader_.take_keys("a.okeys", file);
        finish();
        EXPECT_FALSE(loader_.outcome(number)->good) << bit;
        file[bit / 8] = static_cast<std::uint8_t>(file[bit / 8] ^ 1U << bit % 8);
    }
    EXPECT_EQ(loader_.keys().counter(), 4u);
    EXPECT_TRUE(loader_.take_keys_now("a.okeys", file).good);
    EXPECT_TRUE(loader_.idle());
}

TEST_F(Revocation_test, AModuleIsNoListAndAListNoModule)
{
    Key_list_builder list(1);
    for (std::uint8_t i = 1; i < 8; ++i)
        list.add(key_of(i)); // as long as a module's header
    EXPECT_EQ(load_signed(list.build()), "module a.omod refused: it does not begin as a module does");
    file_ = Halt_module().build();
    sign(file_);
    loader_.take_keys("a.okeys", file_);
    EXPECT_EQ(finish(), "keys a.okeys refused: it does not begin as a list of keys does");
}

TEST_F(Revocation_test, WhatIsLoadedIsNotBoundAnyMore)
{
    load(Halt_module());
    ASSERT_TRUE(swap("constant", "5"));
    take(Key_list_builder(1).add(key_of(1)).revoke(test_key));
    auto const& module = *loader_.entries()[0].current;
    EXPECT_TRUE(module.is_revoked());
    EXPECT_EQ(poll(), 5u) << "who is in charge stays until a person decides";
    ASSERT_TRUE(swap("at-once"));
    EXPECT_FALSE(swap("constant"));
    EXPECT_EQ(swap_.error(), Error::denied);
    EXPECT_EQ(load(Halt_module("other", 1, "other")),
              "module a.omod refused: it is signed with a key that was revoked");
    EXPECT_EQ(take(Key_list_builder(2)), "keys a.okeys refused: it is signed with a key that was revoked");
    EXPECT_EQ(unload("constant"), "module constant 1 unloaded");
}

TEST_F(Revocation_test, AVersionIsRefusedAndItsSuccessorTaken)
{
    load(Halt_module("constant", 1));
    ASSERT_TRUE(swap("constant", "5"));
    take(Key_list_builder(1).revoke("constant", 2));
    EXPECT_TRUE(loader_.entries()[0].current->is_revoked());
    EXPECT_EQ(load(Halt_module("constant", 2)), "module a.omod refused: it was revoked, in this version");
    EXPECT_EQ(load(Halt_module("constant", 3)), "module constant 3 in place of 1");
    EXPECT_EQ(poll(), 5u);
    EXPECT_EQ(roll_back("constant"), "module constant: the version before this one was revoked");
    EXPECT_FALSE(loader_.entries()[0].current->is_revoked());
    ASSERT_TRUE(swap("at-once"));
    EXPECT_EQ(unload("constant"), "module constant 3 unloaded");
    EXPECT_EQ(load(Halt_module("constant", 1)), "module a.omod refused: it was revoked, in this version");
}

} // namespace
} // namespace ovm::test
