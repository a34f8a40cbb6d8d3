#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "processor/residents.hpp"
#include "processor/scheduler.hpp"

/// A core without a processor: it keeps time, runs whom a scheduler names, and holds the scheduler to its contract.
namespace ovm::test
{

class Fake_vcpu final : public processor::Schedulable
{
public:
    Fake_vcpu() = default;
    explicit Fake_vcpu(const processor::Scheduling_parameters& parameters) : Schedulable(parameters) {}

    bool lives = false;
    Ticks served{}; ///< as the clock saw it
    Ticks waits_since{};
    Ticks longest_wait{};
};

using Shared_scheduler = std::shared_ptr<processor::Scheduler>;

template <typename Policy, typename... Arguments>
Shared_scheduler make_scheduler(const Arguments&... arguments)
{
    return std::make_shared<Policy>(arguments...);
}

class Scheduler_simulator
{
public:
    using Scheduler = processor::Scheduler;
    using Trace = std::vector<std::pair<std::uint64_t, int>>; ///< at this time, this one was named

    explicit Scheduler_simulator(Shared_scheduler scheduler, Ticks now = Ticks(5000))
        : scheduler_(std::move(scheduler)), now_(now), start_(now)
    {
    }

    // ---- what happens
    unsigned make(const processor::Scheduling_parameters& parameters = {})
    {
        vcpus_.push_back(std::make_unique<Fake_vcpu>(parameters));
        return static_cast<unsigned>(vcpus_.size() - 1);
    }
    Result<> admit(unsigned who)
    {
        auto& vcpu = *vcpus_[who];
        residents_.add(vcpu);
        auto const admitted = scheduler_->admit(vcpu, now_);
        if (!admitted)
            residents_.remove(vcpu);
        vcpu.lives = admitted.has_value();
        return admitted;
    }
    /// Made, admitted and awake.
    unsigned add(const processor::Scheduling_parameters& parameters = {})
    {
        auto const who = make(parameters);
        if (!admit(who))
            complain("refused vcpu " + std::to_string(who));
        else
            wake(who);
        return who;
    }
    void leave(unsigned who)
    {
        if (runnable(who))
            block(who);
        scheduler_->leave(*vcpus_[who], now_);
        residents_.remove(*vcpus_[who]);
        vcpus_[who]->lives = false;
    }
    void wake(unsigned who)
    {
        residents_.set_runnable(*vcpus_[who], true);
        vcpus_[who]->waits_since = now_;
        scheduler_->wake(*vcpus_[who], now_);
    }
    void block(unsigned who)
    {
        auto& vcpu = *vcpus_[who];
        if (current_ != &vcpu)
            note_wait(vcpu);
        residents_.set_runnable(vcpu, false);
        if (current_ == &vcpu)
            current_ = nullptr;
        scheduler_->block(vcpu, now_);
    }
    /// One choice, then nothing but its service for a time or until it says.
    void turn(Ticks most)
    {
        auto const until = choose();
        auto const end = until ? std::min(*until, now_ + most) : now_ + most;
        auto const passed = end > now_ ? end - now_ : Ticks(0);
        if (current_ != nullptr)
            current_->served += passed;
        else
            idle_ += passed;
        turns_without_time_ = passed == Ticks(0) ? turns_without_time_ + 1 : 0;
        if (turns_without_time_ > 64 && most != Ticks(0))
            complain("lets no time pass");
        now_ = end;
    }
    void run(Ticks time)
    {
        for (auto const end = now_ + time; now_ < end && complaints_.size() < 10;)
            turn(end - now_);
    }
    /// With no time between; it is chosen anew afterwards.
    void choose_now() { turn(Ticks(0)); }
    /// The end of a turn comes late: who runs goes on meanwhile.
    void be_late(Ticks time)
    {
        current_->served += time;
        now_ = now_ + time;
    }
    /// The next scheduler takes over, or everything stays.
    Result<> swap(Shared_scheduler next)
    {
        processor::Scheduler_state state{.vcpus = residents_, .now = now_, .current = current_};
        auto const exported = scheduler_->export_state(state);
        if (!exported)
            return exported;
        check_accounts();
        auto const imported = next->import_state(state);
        lost_ = state.lost;
        if (!imported)
            return imported;
        scheduler_ = std::move(next);
        return {};
    }
    /// Writes the accounts, as a swap would that fails later.
    Result<> export_only()
    {
        processor::Scheduler_state state{.vcpus = residents_, .now = now_, .current = current_};
        auto const exported = scheduler_->export_state(state);
        if (exported)
            check_accounts();
        return exported;
    }
    /// A life by chance: who lives sleeps and wakes, time passes in bits of at most `most`. Nobody comes or leaves
    /// unless `moves`.
    void live(std::mt19937_64& random, unsigned steps, Ticks most, bool moves = false)
    {
        for (unsigned step = 0; step < steps && complaints_.empty(); ++step)
        {
            auto const who = static_cast<unsigned>(random() % vcpus_.size());
            auto const what = random() % 8;
            if (moves && what == 0 && vcpus_[who]->lives)
                leave(who);
            else if (moves && what == 1 && !vcpus_[who]->lives)
                static_cast<void>(admit(who));
            else if (what < 5 && vcpus_[who]->lives)
                runnable(who) ? block(who) : wake(who);
            turn(Ticks(random() % (most.value() + 1)));
        }
    }

    // ---- what is to be seen
    Ticks now() const { return now_; }
    bool runnable(unsigned who) const { return vcpus_[who]->runnable(); }
    Fake_vcpu& vcpu(unsigned who) { return *vcpus_[who]; }
    const processor::Scheduling_account& account(unsigned who) const { return vcpus_[who]->account(); }
    std::size_t count() const { return vcpus_.size(); }
    Ticks served(unsigned who) const { return vcpus_[who]->served; }
    Ticks longest_wait(unsigned who)
    {
        if (runnable(who) && current_ != vcpus_[who].get())
            note_wait(*vcpus_[who]);
        return vcpus_[who]->longest_wait;
    }
    std::optional<Ticks> until() const { return until_; }
    std::uint32_t lost() const { return lost_; }
    const Trace& trace() const { return trace_; }
    int current() const { return index_of(current_); }
    Scheduler& scheduler() { return *scheduler_; }
    const processor::Residents& residents() const { return residents_; }
    /// What was wrong; nothing when all is well.
    std::string complaints() const
    {
        std::string all;
        for (auto const& each : complaints_)
            all += each + "\n";
        return all;
    }
    /// Called after every choice.
    std::function<void()> also_check = [] {};
    void complain(const std::string& what)
    {
        complaints_.push_back("at " + std::to_string(now_.value()) + ": " + what);
    }

private:
    int index_of(const processor::Schedulable* vcpu) const
    {
        for (std::size_t i = 0; i < vcpus_.size(); ++i)
        {
            if (vcpus_[i].get() == vcpu)
                return static_cast<int>(i);
        }
        return -1;
    }
    void note_wait(Fake_vcpu& vcpu) { vcpu.longest_wait = std::max(vcpu.longest_wait, now_ - vcpu.waits_since); }
    std::optional<Ticks> choose()
    {
        auto* const before = current_;
        auto const choice = scheduler_->choose(now_);
        current_ = nullptr;
        if (choice.next == nullptr && residents_.runnable() != 0)
            complain("idles while somebody is runnable");
        if (choice.next != nullptr && index_of(choice.next) < 0)
            complain("names somebody unknown");
        else if (choice.next != nullptr && !vcpus_[static_cast<unsigned>(index_of(choice.next))]->lives)
            complain("names somebody who does not live here");
        else if (choice.next != nullptr && !choice.next->runnable())
            complain("names somebody who is not runnable");
        else if (choice.next != nullptr)
            current_ = vcpus_[static_cast<unsigned>(index_of(choice.next))].get();
        if (choice.until && *choice.until < now_)
            complain("wants to choose again before now");
        if (!choice.until && current_ != nullptr && residents_.runnable() > 1)
            complain("lets one run for ever while others wait");
        if (current_ != before)
        {
            if (before != nullptr)
                before->waits_since = now_;
            if (current_ != nullptr)
                note_wait(*current_);
        }
        trace_.emplace_back(now_.value(), current());
        until_ = choice.until;
        also_check();
        return choice.until;
    }
    void check_accounts()
    {
        auto all = idle_;
        for (std::size_t i = 0; i < vcpus_.size(); ++i)
        {
            all += vcpus_[i]->served;
            if (vcpus_[i]->lives && vcpus_[i]->account().ran != vcpus_[i]->served)
                complain("accounts " + std::to_string(vcpus_[i]->account().ran.value()) + " of " +
                         std::to_string(vcpus_[i]->served.value()) + " ticks for vcpu " + std::to_string(i));
        }
        if (all != now_ - start_)
            complain("the simulator lost time");
    }

    Shared_scheduler scheduler_;
    Ticks now_;
    Ticks start_;
    Ticks idle_{};
    processor::Residents residents_{};
    std::vector<std::unique_ptr<Fake_vcpu>> vcpus_{};
    Fake_vcpu* current_ = nullptr;
    std::optional<Ticks> until_{};
    std::uint32_t lost_ = 0;
    unsigned turns_without_time_ = 0;
    Trace trace_{};
    std::vector<std::string> complaints_{};
};

} // namespace ovm::test
