#include "loader/loader_fixture.hpp"

namespace ovm::test
{
namespace
{

class Loader_test : public Loader_fixture
{
};

TEST_F(Loader_test, LoadsAModuleWhosePolicyIsSwappedIn)
{
    EXPECT_EQ(load(Halt_module()), "module constant 1 loaded");
    EXPECT_EQ(halt_.policies(), 2u);
    EXPECT_EQ(halt_.description(1).meaning, "for tests");
    EXPECT_EQ(poll(), 0u);
    ASSERT_TRUE(swap("constant", "700"));
    EXPECT_EQ(poll(), 700u);
    EXPECT_EQ(halt_.policy().name, "constant");
    ASSERT_TRUE(swap("at-once"));
    EXPECT_EQ(unload("constant"), "module constant 1 unloaded");
}

TEST_F(Loader_test, UnloadsNoModuleThatIsInUse)
{
    load(Halt_module());
    ASSERT_TRUE(swap("constant", "5"));
    EXPECT_EQ(unload("constant"), "module constant is in use: swap its policies out first");
    EXPECT_EQ(poll(), 5u);
    ASSERT_TRUE(swap("at-once"));
    auto const renewals = arch::hosted::renewals(Core_id(2));
    EXPECT_EQ(unload("constant"), "module constant 1 unloaded");
    EXPECT_EQ(arch::hosted::renewals(Core_id(2)), renewals + 1);
    EXPECT_FALSE(halt_.find("constant"));
    EXPECT_FALSE(halt_.last_good()); // it cannot come back
    EXPECT_EQ(loaded(), 0u);
    EXPECT_EQ(unload("constant"), "module constant: there is none of that name");
}

/// A core that is away for long costs the one that loads no slice.
TEST_F(Loader_test, WaitsForTheOtherCoresWithoutAsking)
{
    auto file = Halt_module().build();
    sign(file);
    loader_.load("a.omod", file);
    cross(0); // its start has arrived
    for (int round = 0; round < 100'000 && !spaces_[0]->jobs.empty(); ++round)
        cross(0);
    EXPECT_TRUE(spaces_[0]->jobs.empty());
    EXPECT_FALSE(loader_.idle());
    cross(1);
    cross(0);
    EXPECT_TRUE(spaces_[0]->jobs.empty());
    cross(2);
    cross(0);
    EXPECT_FALSE(spaces_[0]->jobs.empty());
    EXPECT_EQ(finish(), "module constant 1 loaded");
}

TEST_F(Loader_test, GivesAllMemoryBack)
{
    load(Halt_module()); // heaps have their pages from now on
    unload("constant");
    auto const free = free_pages();
    for (int i = 0; i < 20; ++i)
    {
        EXPECT_EQ(load(Halt_module()), "module constant 1 loaded");
        EXPECT_EQ(unload("constant"), "module constant 1 unloaded");
    }
    EXPECT_EQ(free_pages(), free);
}

TEST_F(Loader_test, RefusesAndChangesNothing)
{
    auto const free = free_pages();
    auto const refused = [&](const std::function<void(Halt_module&)>& change, std::string_view why)
    {
        Halt_module module;
        change(module);
        EXPECT_EQ(load(module), "module a.omod refused: " + std::string(why));
        EXPECT_EQ(halt_.policies(), 1u);
        EXPECT_EQ(loaded(), 0u);
        EXPECT_EQ(free_pages(), free);
    };
    refused([](auto& module) { module.header.stack = 1 << 20; }, "it needs more stack than a module may");
    refused([](auto& module) { module.policies[0].interface[31] = 1; },
            "it was compiled with another interface than this hypervisor has");
    refused([](auto& module) { module.policies[0].family = 1; },
            "it was compiled with another interface than this hypervisor has");
    refused([](auto& module) { module.import(56, "write_cr0"); }, "it imports what the hypervisor does not export");
    refused([](auto& module) { module.text[0] = 0xf4; },
            "its code has an instruction that modules may not use, at 0x0 of its code");
    refused([](auto& module) { module.put(72, {0xeb, 0xe9}); },
            "an address of code is in the middle of an instruction, at 0x33 of its code");
    EXPECT_EQ(load(Code(20)), "module a.omod refused: it is too short to be signed");
    EXPECT_EQ(load(Code(1 << 20)), "module a.omod refused: it is larger than a module may be");
}

TEST_F(Loader_test, LooksAtNothingThatIsNotSigned)
{
    auto file = Halt_module().build();
    EXPECT_EQ(load(file), "module a.omod refused: it is signed with a key that this machine does not trust");
    sign(file);
    ++file.back();
    EXPECT_EQ(load(file), "module a.omod refused: its signature is wrong");
    --file.back();
    EXPECT_EQ(load(file), "module constant 1 loaded");
}

TEST_F(Loader_test, RefusesNamesThatAreTaken)
{
    load(Halt_module("constant", 2));
    EXPECT_EQ(load(Halt_module("constant", 2)),
              "module a.omod refused: a module of that name is loaded, and this one is not newer");
    EXPECT_EQ(load(Halt_module("constant", 1)),
              "module a.omod refused: a module of that name is loaded, and this one is not newer");
    EXPECT_EQ(load(Halt_module("other")), "module a.omod refused: a policy of that name exists");
    EXPECT_EQ(load(Halt_module("other", 1, "at-once")), "module a.omod refused: a policy of that name exists");
    EXPECT_EQ(load(Halt_module("other", 1, "other")), "module other 1 loaded");
    EXPECT_EQ(loaded(), 2u);
}

TEST_F(Loader_test, ReplacesAVersionThatIsInUse)
{
    load(Halt_module("constant", 1));
    ASSERT_TRUE(swap("constant", "123"));
    EXPECT_EQ(load(Halt_module("constant", 2)), "module constant 2 in place of 1");
    EXPECT_EQ(poll(), 123u); // with its parameters
    EXPECT_EQ(halt_.history()[0].from, "constant");
    EXPECT_EQ(halt_.history().count(), 2u);
    EXPECT_EQ(load(Halt_module("constant", 3)), "module constant 3 in place of 2");
    EXPECT_EQ(roll_back("constant"), "module constant 2 in place of 3");
    EXPECT_EQ(poll(), 123u);
    EXPECT_EQ(roll_back("constant"), "module constant 3 in place of 2");
    EXPECT_EQ(loaded(), 1u);
    EXPECT_EQ(halt_.policies(), 3u);
    ASSERT_TRUE(swap("at-once"));
    EXPECT_EQ(unload("constant"), "module constant 3 unloaded");
    EXPECT_EQ(roll_back("constant"), "module constant: there is none of that name");
}

TEST_F(Loader_test, ReplacesAVersionThatIsNotInUse)
{
    load(Halt_module("constant", 1));
    EXPECT_EQ(roll_back("constant"), "module constant: no version before this one is kept");
    EXPECT_EQ(load(Halt_module("constant", 7)), "module constant 7 in place of 1");
    EXPECT_EQ(halt_.history().count(), 0u);
    ASSERT_TRUE(swap("constant"));
    EXPECT_EQ(poll(), 7u);
}

TEST_F(Loader_test, KeepsTheVersionInUseWhenTheNextOneDoesNotTakeOver)
{
    load(Halt_module("constant", 1));
    ASSERT_TRUE(swap("constant", "9"));
    Halt_module bad("constant", 2);
    bad.put(Halt_module::construct_at, {0x31, 0xd2, 0x31, 0xc0, 0xc3}); // answers Error::no_memory
    EXPECT_EQ(load(bad), "module constant 2 not swapped in: halt failed in: construct: no memory");
    EXPECT_EQ(poll(), 9u);
    EXPECT_EQ(loader_.entries()[0].current->version(), 1u);
    Halt_module without("constant", 2, "else");
    EXPECT_EQ(load(without), "module a.omod refused: it lacks a policy of the version before that is in use");
    EXPECT_EQ(poll(), 9u);
    EXPECT_FALSE(halt_.find("else"));
}

TEST_F(Loader_test, HasPlacesForSoMany)
{
    for (int i = 0; i < 8; ++i)
    {
        auto const name = "module-" + std::to_string(i);
        EXPECT_EQ(load(Halt_module(name, 1, name)), "module " + name + " 1 loaded");
    }
    EXPECT_EQ(load(Halt_module("ninth", 1, "ninth")),
              "module a.omod refused: as many modules are loaded as there may be");
    EXPECT_EQ(unload("module-3"), "module module-3 1 unloaded");
    EXPECT_EQ(load(Halt_module("ninth", 1, "ninth")), "module ninth 1 loaded");
}

TEST_F(Loader_test, MakesNoMorePoliciesOfAModuleInQuarantine)
{
    load(Halt_module());
    auto const place = *halt_.find("constant");
    ASSERT_TRUE(swap("constant"));
    auto const code = arch::module_place(loader_.entries()[0].current->place()).value() + 20;
    EXPECT_EQ(halt_.quarantine(object::Adaptor::Failed::in_charge, code), "constant");
    EXPECT_TRUE(loader_.entries()[0].current->in_quarantine());
    ASSERT_TRUE(swap("at-once"));
    EXPECT_FALSE(swap("constant"));
    EXPECT_EQ(swap_.error(), Error::denied);
    EXPECT_EQ(halt_.find("constant").value(), place); // a person sees that it is there
    EXPECT_EQ(unload("constant"), "module constant 1 unloaded");
}

TEST_F(Loader_test, TakesNoModuleOfWhichOneBitIsWrong)
{
    auto file = Halt_module().build();
    sign(file);
    for (std::size_t bit = 0; bit < file.size() * 8; ++bit)
    {
        auto& byte = file[bit / 8];
        byte = static_cast<std::uint8_t>(byte ^ 1U << bit % 8);
        EXPECT_NE(load(file), "module constant 1 loaded") << bit;
        byte = static_cast<std::uint8_t>(byte ^ 1U << bit % 8);
    }
    EXPECT_EQ(loaded(), 0u);
}

/// What the signature would let pass: each such module is refused, or loaded and unloaded again.
TEST_F(Loader_test, SurvivesEveryBitBeingWrongOfWhatIsSigned)
{
    auto const file = Halt_module().build();
    for (std::size_t bit = sizeof(loader::format::Envelope) * 8; bit < file.size() * 8; ++bit)
    {
        auto changed = file;
        changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
        loader::Module_maker maker(changed, interfaces_, frames_, heap_, 0);
        auto progress = loader::Module_maker::Progress::again;
        while (progress == loader::Module_maker::Progress::again)
            progress = maker.step();
        if (progress == loader::Module_maker::Progress::refused)
            continue;
        auto const module = maker.take();
        arch::unmap_module(0, module->size());
    }
}

} // namespace
} // namespace ovm::test
