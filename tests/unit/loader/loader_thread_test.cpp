#include <atomic>
#include <thread>
#include <vector>

#include "loader/loader_fixture.hpp"

namespace ovm::test
{
namespace
{

class Loader_thread : public Loader_fixture
{
protected:
    /// This core's part, until the work on core 0 has ended.
    void wait(auto&& ended)
    {
        while (!ended())
            cross(0);
    }
    std::string done()
    {
        wait([&] { return loader_.idle(); });
        return std::string(loader_.said());
    }
    bool put_in_charge(std::string_view policy)
    {
        auto const place = halt_.find(policy);
        if (!place)
            return false;
        swap_.prepare("test");
        EXPECT_TRUE(swap_.add({&halt_, *place, object::Parameters(halt_.description(*place))}));
        swap_.begin(Core_id(0), nullptr);
        wait([&] { return swap_.idle(); });
        return swap_.succeeded();
    }
    /// What a core does all the while. Each answer is of one of both policies: 0, or the parameter that modules hand
    /// on.
    void ask(std::uint32_t core, std::atomic<std::uint64_t>& answers, std::atomic<std::uint64_t>& wrong)
    {
        begin_crossing(core);
        spaces_[core]->inbox.receive_all();
        spaces_[core]->jobs.run_one();
        processor::Halt_account account{};
        auto const answer =
            halt_.policy_reference().ask([&](processor::Halt& policy) { return policy.poll({}, account, Ticks(0)); });
        answers.fetch_add(answer ? 1 : 0, std::memory_order_relaxed);
        if (answer ? answer->value() > 1 : answer.error() != Error::busy)
            wrong.fetch_add(1, std::memory_order_relaxed);
        end_crossing(core);
    }
};

/// Modules come, take over, are replaced, roll back and go, while two other cores ask the policy all the time.
TEST_F(Loader_thread, CoresAskWhileModulesComeAndGo)
{
    constexpr unsigned rounds = 6;
    std::array files{Halt_module("constant", 1).build(), Halt_module("constant", 2).build()};
    for (auto& file : files)
        sign(file);
    std::atomic<std::uint64_t> answers{0};
    std::atomic<std::uint64_t> wrong{0};
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (std::uint32_t core = 1; core < spaces_.size(); ++core)
    {
        threads.emplace_back(
            [&, core]
            {
                while (!stop.load(std::memory_order_relaxed))
                    ask(core, answers, wrong);
            });
    }
    arch::hosted::become_core(Core_id(0));
    for (unsigned round = 0; round < rounds; ++round)
    {
        loader_.load("one.omod", files[0]);
        EXPECT_EQ(done(), "module constant 1 loaded");
        EXPECT_TRUE(put_in_charge("constant"));
        loader_.load("two.omod", files[1]);
        EXPECT_EQ(done(), "module constant 2 in place of 1");
        loader_.roll_back("constant");
        EXPECT_EQ(done(), "module constant 1 in place of 2");
        EXPECT_TRUE(put_in_charge("at-once"));
        loader_.unload("constant");
        EXPECT_EQ(done(), "module constant 1 unloaded");
    }
    stop.store(true);
    for (auto& thread : threads)
        thread.join();
    EXPECT_GT(answers.load(), 0u);
    EXPECT_EQ(wrong.load(), 0u);
}

} // namespace
} // namespace ovm::test
