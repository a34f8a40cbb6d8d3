#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "memory/guest_memory.hpp"
#include "policy/frames/first_touch.hpp"
#include "policy/population/eager.hpp"
#include "policy/population/lazy.hpp"

namespace
{

using namespace ovm;
using namespace ovm::memory;
using namespace ovm::policy;

/// Asks the policy that is in charge, which changes.
template <typename Family>
struct In_charge
{
    explicit In_charge(Family& first) : current(&first) {}
    template <typename Question>
    auto ask(Question&& question)
    {
        return question(*current);
    }

    Family* current;
};

/// What an adaptor is to a VM's memory. Each question of what is ahead is counted.
class Swapped_population final : public Population::Forwarder<In_charge<Population>>
{
public:
    using Forwarder::Forwarder;

    Result<Bytes> ahead(const Population_progress& progress) override
    {
        ++asked;
        return Forwarder::ahead(progress);
    }
    void put_in_charge(Population& policy) { way_.current = &policy; }
    /// Answers what the state said, for the record.
    Population_state swap(Population& next)
    {
        Population_state state{};
        EXPECT_TRUE(way_.current->export_state(state));
        EXPECT_TRUE(next.import_state(state));
        put_in_charge(next);
        return state;
    }

    unsigned asked = 0;
};

constexpr Bytes guest_size{(24 << 20) + 0x3000};

class Population_test : public testing::Test
{
protected:
    Population_test()
    {
        arch::hosted::reset();
        EXPECT_TRUE(
            pool_.open_node(Node_id{0}, std::array{Range<Host_physical>{Host_physical{0x100000}, Bytes{127 << 20}}}));
    }

    /// Every page is there, clear where nobody wrote, and of this guest alone.
    static void expect_all_there(Guest_memory& memory)
    {
        std::vector<Host_physical> frames;
        for (std::uint64_t at = 0; at < memory.size().value(); at += page_size.value())
        {
            auto const host = memory.translate(Guest_physical(at));
            ASSERT_TRUE(host) << at;
            frames.push_back(*host);
            auto const bytes = arch::physical_bytes(*host, page_size);
            ASSERT_TRUE(std::ranges::all_of(bytes.subspan(8), [](std::uint8_t byte) { return byte == 0; })) << at;
        }
        std::ranges::sort(frames);
        EXPECT_EQ(std::ranges::adjacent_find(frames), frames.end());
        EXPECT_EQ(memory.progress().given, memory.progress().total);
    }
    static void finish(Guest_memory& memory)
    {
        for (auto done = memory.populate_step();; done = memory.populate_step())
        {
            ASSERT_TRUE(done);
            if (*done)
                return;
        }
    }

    Frame_pool pool_;
    First_touch_allocator frames_{pool_};
    Eager_population eager_;
    Lazy_population lazy_;
};

TEST_F(Population_test, EagerGivesAllInStepsThenWantsNoMore)
{
    Eager_population eager({.step = Bytes{64 * 1024}});
    Swapped_population population(eager);
    Guest_memory memory(frames_, Node_id{0}, guest_size, population);
    ASSERT_TRUE(memory.open());
    EXPECT_EQ(memory.progress(), (Population_progress{.end = Guest_physical(guest_size.value()),
                                                      .total = Pages(guest_size.value() / page_size.value())}));
    finish(memory);
    EXPECT_GE(population.asked, guest_size.value() / (64 * 1024));
    expect_all_there(memory);
    EXPECT_TRUE(memory.progress().is_complete());
    EXPECT_TRUE(memory.populate_step().value());
    EXPECT_EQ(memory.find(Guest_physical{0})->order, large_order.value());
}

TEST_F(Population_test, EagerTakesNoLargerPageThanItMay)
{
    Eager_population small({.largest = small_order});
    Guest_memory memory(frames_, Node_id{0}, Bytes{4 << 20}, small);
    ASSERT_TRUE(memory.open());
    finish(memory);
    for (std::uint64_t at = 0; at < 4 << 20; at += 4096)
        ASSERT_EQ(memory.find(Guest_physical(at))->order, 0u);
}

TEST_F(Population_test, LazyGivesNothingAheadAndSoManyPagesAroundATouch)
{
    Lazy_population lazy({.around = Pages{4}});
    Guest_memory memory(frames_, Node_id{0}, guest_size, lazy);
    ASSERT_TRUE(memory.open());
    EXPECT_TRUE(memory.populate_step().value());
    EXPECT_EQ(memory.progress().given, Pages{0});
    ASSERT_TRUE(memory.populate(Guest_physical{0x6abc}));
    EXPECT_EQ(memory.progress().given, Pages{4});
    for (std::uint64_t const at : {0x3000u, 0x4000u, 0x5000u, 0x6000u, 0x7000u, 0x8000u})
        EXPECT_EQ(memory.translate(Guest_physical(at)).has_value(), at >= 0x4000 && at < 0x8000) << at;
    ASSERT_TRUE(memory.populate(Guest_physical(guest_size.value() - 1)));
    EXPECT_EQ(memory.progress().given, Pages{7}) << "RAM ends after three of four";
    EXPECT_FALSE(memory.translate(Guest_physical(guest_size.value())));
}

/// Wants so many pages around each touch.
class Neighbourly_population final : public Population
{
public:
    explicit Neighbourly_population(Neighbours more) : more_(more) {}
    Result<Bytes> ahead(const Population_progress&) override { return Bytes{0}; }
    Result<Page_order> largest() override { return small_order; }
    Result<Neighbours> touched(Guest_physical page) override
    {
        touches.push_back(page);
        return more_;
    }
    Result<> export_state(Population_state&) override { return {}; }
    Result<> import_state(Population_state&) override { return {}; }

    std::vector<Guest_physical> touches{};

private:
    Neighbours more_;
};

TEST_F(Population_test, ThePolicyHearsOfEachTouchOnceAndSaysWhatComesWithIt)
{
    Neighbourly_population population({.before = 1, .behind = 3});
    Guest_memory memory(frames_, Node_id{0}, guest_size, population);
    ASSERT_TRUE(memory.open());
    ASSERT_TRUE(memory.populate(Guest_physical{0x6abc}));
    ASSERT_TRUE(memory.populate(Guest_physical{0x7000})); // is there already
    EXPECT_EQ(population.touches, std::vector{Guest_physical{0x6000}});
    for (std::uint64_t at = 0x3000; at <= 0xb000; at += 0x1000)
        EXPECT_EQ(memory.translate(Guest_physical(at)).has_value(), at >= 0x5000 && at <= 0x9000) << at;
    ASSERT_TRUE(memory.populate(Guest_physical(guest_size.value() - 1)));
    EXPECT_EQ(memory.progress().given, Pages{7}) << "RAM ends behind it";
}

TEST_F(Population_test, ATouchThatMemoryEndsAtIsStillAnswered)
{
    Lazy_population lazy({.around = Pages{4}});
    Guest_memory memory(frames_, Node_id{0}, guest_size, lazy);
    ASSERT_TRUE(memory.open());
    ASSERT_TRUE(memory.populate(Guest_physical{0})); // its tables are there now
    while (pool_.free() > Pages{2})
        ASSERT_TRUE(frames_.allocate(small_order, Node_id{0}));
    EXPECT_TRUE(memory.populate(Guest_physical{0x10000}));
    EXPECT_EQ(memory.progress().given, Pages{6});
    EXPECT_EQ(memory.populate(Guest_physical{0x13000}).error(), Error::no_memory);
    EXPECT_EQ(memory.progress().given, Pages{6});
}

TEST_F(Population_test, LazyThenEagerGivesTheRestAroundWhatWasTouched)
{
    for (std::uint64_t seed = 1; seed <= 5; ++seed)
    {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        auto const before = frames_.free();
        {
            std::mt19937_64 random(seed);
            Lazy_population lazy;
            Eager_population eager;
            Swapped_population population(lazy);
            Guest_memory memory(frames_, Node_id{0}, guest_size, population);
            ASSERT_TRUE(memory.open());
            // Only below, so that large pages fit above.
            for (int i = 0; i < 300; ++i)
                ASSERT_TRUE(memory.store(Guest_physical(random() % (12 << 20) & ~std::uint64_t{0xfff}), 8, 1));
            auto const touched = memory.progress().given;
            EXPECT_GT(touched, Pages{250});
            EXPECT_EQ(population.swap(eager).lost, Population_state::none);
            for (auto done = memory.populate_step(); !done.value(); done = memory.populate_step())
            {
                if (random() % 8 == 0) // the guest runs meanwhile
                    ASSERT_TRUE(memory.populate(Guest_physical(random() % (20 << 20))));
            }
            expect_all_there(memory);
            unsigned large = 0;
            for (std::uint64_t at = 0; at < guest_size.value(); at += large_page_size.value())
                large += memory.find(Guest_physical(at))->order == large_order.value();
            EXPECT_GE(large, 2u) << "where nobody was first";
        }
        EXPECT_EQ(frames_.free(), before);
    }
}

TEST_F(Population_test, EagerThenLazyLeavesTheRestToTouchesAndSaysSo)
{
    auto const before = frames_.free();
    {
        Eager_population eager({.step = Bytes{12 * 1024}});
        Swapped_population population(eager);
        Guest_memory memory(frames_, Node_id{0}, guest_size, population);
        ASSERT_TRUE(memory.open());
        for (int i = 0; i < 600; ++i) // in the middle of a large page
            ASSERT_FALSE(memory.populate_step().value());
        auto const given = memory.progress();
        EXPECT_EQ(given.given, Pages(given.cursor.value() / page_size.value()));
        auto const state = population.swap(lazy_);
        EXPECT_EQ(state.lost, Population_state::rest);
        auto const with_block = frames_.free();
        EXPECT_TRUE(memory.populate_step().value());
        EXPECT_EQ(frames_.free(), with_block + Pages{512}) << "what was half clear went back";
        EXPECT_EQ(memory.progress(), given);
        EXPECT_FALSE(memory.translate(given.cursor));
        ASSERT_TRUE(memory.populate(given.cursor));
        EXPECT_EQ(memory.progress().given, given.given + Pages{1});
        EXPECT_EQ(memory.find(given.cursor)->order, 0u);

        Eager_population again;
        EXPECT_EQ(population.swap(again).lost, Population_state::none);
        finish(memory);
        expect_all_there(memory);
    }
    EXPECT_EQ(frames_.free(), before);
}

/// One policy of each kind.
class Population_policies
{
public:
    static constexpr std::size_t kinds = 2;

    Population& make(std::size_t kind)
    {
        if (kind == 0)
            return eager_.emplace();
        return lazy_.emplace();
    }

private:
    std::optional<Eager_population> eager_;
    std::optional<Lazy_population> lazy_;
};

TEST_F(Population_test, AnyPairThereAndBackKeepsWhatIsGivenOrNamesTheLoss)
{
    for (std::size_t first = 0; first < Population_policies::kinds; ++first)
        for (std::size_t second = 0; second < Population_policies::kinds; ++second)
            for (std::uint64_t seed = 1; seed <= 10; ++seed)
            {
                SCOPED_TRACE(testing::Message() << first << " to " << second << ", seed " << seed);
                std::mt19937_64 random(seed);
                Population_policies a;
                Population_policies b;
                Swapped_population population(a.make(first));
                Guest_memory memory(frames_, Node_id{0}, guest_size, population);
                ASSERT_TRUE(memory.open());
                auto const live = [&]
                {
                    for (auto steps = random() % 30; steps > 0; --steps)
                    {
                        ASSERT_TRUE(memory.populate_step());
                        ASSERT_TRUE(memory.populate(Guest_physical(random() % guest_size.value())));
                    }
                };
                for (int round = 0; round < 4; ++round)
                {
                    auto const leaving = round % 2 == 0 ? first : second;
                    auto const coming = round % 2 == 0 ? second : first;
                    live();
                    static_cast<void>(memory.populate_step());
                    auto const told = memory.progress();
                    ASSERT_TRUE(population.ahead(told));
                    // It goes on as if nothing had been, when the swap fails.
                    Population_state unused{};
                    ASSERT_TRUE(population.export_state(unused));
                    EXPECT_EQ(unused.progress, told);
                    auto const state = population.swap(round % 2 == 0 ? b.make(second) : a.make(first));
                    EXPECT_EQ(state.progress, told);
                    EXPECT_EQ(state.lost, leaving == 0 && coming == 1 && !told.is_complete() ? Population_state::rest
                                                                                             : Population_state::none);
                    EXPECT_EQ(memory.progress(), told) << "a swap moves no page";
                    Population_state kept{};
                    ASSERT_TRUE(population.export_state(kept));
                    EXPECT_EQ(kept.progress, told);
                }
            }
}

TEST_F(Population_test, WhileThePolicyIsReplacedTouchesAreAnsweredAndStepsAreToBeTriedAgain)
{
    object::Gate<Population> gate;
    Swapped_population population(eager_);
    Guest_memory memory(frames_, Node_id{0}, guest_size, population);
    ASSERT_TRUE(memory.open());
    ASSERT_FALSE(memory.populate_step().value());
    auto const before = memory.progress();
    population.put_in_charge(gate);
    EXPECT_EQ(memory.populate_step().error(), Error::busy);
    EXPECT_EQ(memory.progress(), before);
    EXPECT_TRUE(memory.populate(Guest_physical{20 << 20}));
    EXPECT_EQ(memory.progress().given, before.given + Pages{1});
    population.put_in_charge(eager_);
    finish(memory);
    expect_all_there(memory);
}

TEST_F(Population_test, WhileTheFramePolicyIsReplacedNoSmallerPageIsTakenInstead)
{
    object::Gate<Frame_policy> gate;
    First_touch_frames first_touch(pool_);
    class Swapped_frames final : public Frame_policy::Forwarder<In_charge<Frame_policy>>
    {
    public:
        using Forwarder::Forwarder;
        void put_in_charge(Frame_policy& policy) { way_.current = &policy; }
    } policy(first_touch);
    Chosen_frames frames(pool_, policy);
    Guest_memory memory(frames, Node_id{0}, guest_size, eager_);
    ASSERT_TRUE(memory.open());
    policy.put_in_charge(gate);
    EXPECT_EQ(memory.populate_step().error(), Error::busy);
    EXPECT_EQ(memory.populate(Guest_physical{0}).error(), Error::busy);
    EXPECT_EQ(memory.progress().given, Pages{0});
    policy.put_in_charge(first_touch);
    finish(memory);
    expect_all_there(memory);
    EXPECT_EQ(memory.find(Guest_physical{0})->order, large_order.value());
}

TEST_F(Population_test, GateAndTombstoneAnswerForEverything)
{
    object::Gate<Population> gate;
    object::Tombstone<Population> gone;
    Population_state state{};
    for (auto [population, answer] : {std::pair<Population*, Error>{&gate, Error::busy}, {&gone, Error::gone}})
    {
        EXPECT_EQ(population->ahead({}).error(), answer);
        EXPECT_EQ(population->largest().error(), answer);
        EXPECT_EQ(population->touched({}).error(), answer);
        EXPECT_EQ(population->export_state(state).error(), answer);
        EXPECT_EQ(population->import_state(state).error(), answer);
    }
}

TEST_F(Population_test, ParametersAndStatesAreChecked)
{
    EXPECT_TRUE(Eager_population::check({}));
    EXPECT_TRUE(Eager_population::check({.largest = large_order, .step = Bytes{2 << 20}}));
    EXPECT_EQ(Eager_population::check({.largest = Page_order{1}}).error(), Error::invalid);
    EXPECT_EQ(Eager_population::check({.step = Bytes{0}}).error(), Error::out_of_range);
    EXPECT_EQ(Eager_population::check({.step = Bytes{4097}}).error(), Error::out_of_range);
    EXPECT_EQ(Eager_population::check({.step = Bytes{(2 << 20) + 4096}}).error(), Error::out_of_range);
    EXPECT_TRUE(Lazy_population::check({}));
    EXPECT_TRUE(Lazy_population::check({.around = Pages{4}}));
    EXPECT_EQ(Lazy_population::check({.around = Pages{0}}).error(), Error::out_of_range);
    EXPECT_EQ(Lazy_population::check({.around = Pages{3}}).error(), Error::out_of_range);
    EXPECT_EQ(Lazy_population::check({.around = Pages{8}}).error(), Error::out_of_range);
    Population_state state{.progress = {.cursor = Guest_physical{2}, .end = Guest_physical{1}}};
    EXPECT_EQ(eager_.import_state(state).error(), Error::invalid);
    state = {.progress = {.given = Pages{2}, .total = Pages{1}}};
    EXPECT_EQ(lazy_.import_state(state).error(), Error::invalid);
}

} // namespace
