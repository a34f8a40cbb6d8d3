#pragma once

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "arch/hosted/injection.hpp"
#include "arch/injection.hpp"
#include "fault/managed_policies.hpp"
#include "interface/exit/dispatcher.hpp"
#include "memory/heap.hpp"
#include "processor/migration.hpp"
#include "processor/running_vcpus.hpp"

namespace ovm::test
{

/// One VM of one vcpu with a program of PROGRAM instructions: it asks its device for a result, touches a page of its
/// own, halts until a timer wakes it, and so on. Its instruction pointer is its place, as a real one's: an exit that is
/// replayed is the same instruction once more.
class Worker final : private interface::Cpuid_source,
                     private interface::Msr_device,
                     private interface::Call_target,
                     private interface::Vm_events,
                     private processor::Timer
{
public:
    static constexpr std::uint64_t program = 60;

    Worker(Running_vcpu& running, std::uint64_t index) : running_(running), index_(index)
    {
        running.guest = [this](arch::hosted::Guest& guest) { run(guest); };
        running.on_exit = [this](processor::Vcpu& vcpu, const arch::Exit& exit)
        {
            if (exit.kind == arch::Exit_kind::shutdown)
                return vcpu.stop();
            if (exit.kind == arch::Exit_kind::halt)
                timers_.arm(*this, timers_.now() + Ticks(100'000));
            dispatcher_.handle(vcpu, exit);
        };
        running.vcpu->state().set_rip(start);
        running.vcpu->start(processor::Run_state::runnable);
    }
    ~Worker()
    {
        if (armed())
            timers_.cancel(*this);
    }

    bool done() const { return place_ == program && (!ends_itself() || stopped()); }
    /// As a guest that powers off; the others stay to the end.
    bool ends_itself() const { return index_ % 2 == 1; }
    bool stopped() const { return running_.times_stopped != 0; }
    std::string name() const { return "VM " + std::to_string(running_.vcpu->vm().value()); }
    processor::Vcpu& vcpu() { return *running_.vcpu; }
    /// What is wrong with its work, if it is done.
    std::string complaint() const
    {
        if (results_ != program / 3)
            return name() + " got " + std::to_string(results_) + " results";
        for (std::uint64_t place = 0; place < program; place += 3)
        {
            if (running_.vcpu->memory().load(result_at(place), 8).value_or(0) != result(place))
                return name() + " misses the result of " + std::to_string(place);
        }
        return {};
    }

private:
    static constexpr std::uint64_t start = 0x1000;
    static constexpr std::uint64_t length = 2; ///< of each instruction

    void run(arch::hosted::Guest& guest)
    {
        auto& rip = guest.vmcb.state.rip;
        auto& control = guest.vmcb.control;
        control.event_injection = 0;
        guest.vmcb.state.rflags |= 0x200;
        for (;;)
        {
            place_ = (rip - start) / length;
            control.next_rip = rip + length;
            if (place_ == program)
                return guest.exit(ends_itself() ? arch::svm::exit_code::shutdown : arch::svm::exit_code::intr);
            if (place_ % 3 == 0)
                return guest.exit(arch::svm::exit_code::cpuid);
            if (place_ % 3 == 2)
                return guest.exit(arch::svm::exit_code::hlt);
            if (auto const page = page_at(place_); !running_.vcpu->memory().translate(page))
                return guest.exit(arch::svm::exit_code::nested_fault, 4, page.value());
            rip += length;
        }
    }
    Guest_physical page_at(std::uint64_t place) const
    {
        return Guest_physical((1 + index_ * 2 * program + place) * page_size.value());
    }
    Guest_physical result_at(std::uint64_t place) const { return page_at(program + place); }
    std::uint64_t result(std::uint64_t place) const { return (index_ + 1) * 1'000'003 + place; }

    interface::Cpuid_result cpuid(processor::Vcpu& vcpu, std::uint32_t, std::uint32_t) override
    {
        EXPECT_TRUE(vcpu.memory().store(result_at(place_), 8, result(place_)));
        arch::injection_point("device: before its state changes");
        ++results_;
        return {};
    }
    Result<std::uint64_t> read_msr(processor::Vcpu&, std::uint32_t) override { return Error::denied; }
    Result<> write_msr(processor::Vcpu&, std::uint32_t, std::uint64_t) override { return Error::denied; }
    std::uint64_t call(processor::Vcpu&, std::uint64_t) override { return 0; }
    void crashed(processor::Vcpu&, const arch::Exit&, const char* why) override { ADD_FAILURE() << name() << why; }
    void fired(Ticks) override
    {
        running_.interrupts.pending = 0x40;
        running_.vcpu->notify();
    }

    Running_vcpu& running_;
    processor::Timer_service& timers_{running_.vcpu->home().timers()}; ///< they stay where it began
    std::uint64_t index_;
    std::uint64_t place_ = 0;
    std::uint64_t results_ = 0;
    interface::Dispatcher dispatcher_{*this, *this, *this, *this};
};

/// A job that places vcpus of a VM which never runs, makes an object for each, and lets them go again.
class Tenant final : public object::Job
{
public:
    Tenant(Managed_policies& policies, memory::Heap& heap) : policies_(policies), heap_(heap) {}
    bool done() const { return rounds_ == 0 && objects_.empty(); }
    bool failed() const { return failed_; }

private:
    static constexpr std::size_t vcpus = 6;
    struct Thing
    {
        std::array<std::uint64_t, 40> content{};
    };

    Step step() override
    {
        arch::injection_point("job: before its slice");
        if (leaving_ || objects_.size() == vcpus)
            return leave();
        auto const home = policies_.placement.policy_reference().ask([&](processor::Placement& policy)
                                                                     { return policy.place({vm, index()}, {}, {}); });
        if (!home)
            return home.error() == Error::busy ? Step::again : give_up();
        policies_.homes.homes[vm.value() - 1][objects_.size()] = processor::Placement_state::Home::at(*home);
        policies_.homes.vcpus[vm.value() - 1] = static_cast<std::uint8_t>(objects_.size() + 1);
        objects_.emplace_back();
        auto made = object::make<Thing>(heap_);
        if (!made)
            return give_up();
        objects_.back() = std::move(*made);
        arch::injection_point("job: after its slice");
        return Step::again;
    }
    Step leave()
    {
        leaving_ = true;
        if (objects_.empty())
        {
            leaving_ = false;
            return rounds_ == 0 || --rounds_ == 0 ? Step::done : Step::again;
        }
        Vcpu_index const last(static_cast<std::uint32_t>(objects_.size() - 1));
        auto const left = policies_.placement.policy_reference().ask([&](processor::Placement& policy)
                                                                     { return policy.leave({vm, last}); });
        if (!left && left.error() == Error::busy)
            return Step::again;
        policies_.homes.homes[vm.value() - 1][last.value()] = {};
        policies_.homes.vcpus[vm.value() - 1] = static_cast<std::uint8_t>(last.value());
        objects_.pop_back();
        return Step::again;
    }
    /// What it has it gives back, and does no more.
    Step give_up()
    {
        rounds_ = 0;
        leaving_ = true;
        return Step::again;
    }
    Step faulted(const arch::Fault&) override
    {
        failed_ = true;
        return give_up();
    }
    Vcpu_index index() const { return Vcpu_index(static_cast<std::uint32_t>(objects_.size())); }

    static constexpr Vm_id vm{200};
    Managed_policies& policies_;
    memory::Heap& heap_;
    std::vector<object::Owned<Thing>> objects_{};
    unsigned rounds_ = 4;
    bool leaving_ = false;
    bool failed_ = false;
};

/// A machine of two cores that works, swaps its policies and moves its vcpus all the while, and meets one fault. All on
/// this thread, by a seed: the same each time.
class Injection_run final : private processor::Migration_observer
{
public:
    static constexpr std::uint32_t cores = 2;
    static constexpr std::size_t vms = 5;

    explicit Injection_run(std::uint64_t seed) : random_(seed)
    {
        arch::hosted::tick_on_each_look(Ticks(2'000));
        tenant_.emplace(machine_.policies(), heap_);
        for (std::uint32_t i = 0; i < vms; ++i)
        {
            arch::hosted::become_core(Core_id(0));
            workers_.push_back(std::make_unique<Worker>(machine_.add(i % cores), i));
        }
        owned_ = sum();
        policies_ = policies().policies_left();
    }
    ~Injection_run() { arch::hosted::become_core(Core_id(0)); }

    /// Everything to its end. What is wrong afterwards, or nothing.
    std::string run()
    {
        tenant_->start(Core_id(0));
        for (unsigned round = 0; round < 6000 && !is_done(); ++round)
        {
            if (random_() % 16 == 0)
                begin_some_swap();
            if (random_() % 16 == 0)
                begin_some_move();
            turn(static_cast<std::uint32_t>(random_() % cores));
        }
        for (unsigned round = 0; round < 400 && !is_quiet(); ++round)
            turn(round % cores);
        return complaint();
    }
    Managed_policies& policies() { return machine_.policies(); }
    bool tenant_failed() const { return tenant_->failed(); }

private:
    struct Choice
    {
        std::string_view resource;
        std::string_view policy;
    };
    static constexpr std::array<Choice, 12> swaps{{{"scheduler", "fair"},
                                                   {"scheduler", "round-robin"},
                                                   {"frames", "huge-first"},
                                                   {"frames", "first-touch"},
                                                   {"placement", "least-loaded"},
                                                   {"placement", "static"},
                                                   {"halt", "adaptive"},
                                                   {"halt", "at-once"},
                                                   {"population", "eager"},
                                                   {"population", "lazy"},
                                                   {"collection", "idle-time"},
                                                   {"collection", "paced"}}};

    void turn(std::uint32_t core)
    {
        arch::hosted::become_core(Core_id(core));
        machine_.turn(core);
        arch::hosted::become_core(Core_id(0));
    }
    void begin_some_swap()
    {
        auto const& choice = swaps[random_() % swaps.size()];
        if (policies().swap.idle() && policies().adaptor(choice.resource).claim())
        {
            policies().adaptor(choice.resource).disclaim();
            policies().begin_swap(choice.resource, choice.policy);
        }
    }
    /// Of one that has stopped, too.
    void begin_some_move()
    {
        auto& vcpu = workers_[random_() % workers_.size()]->vcpu();
        if (!migration_.idle())
            return;
        auto const other = 1 - vcpu.home().id().value();
        if (!migration_.begin(vcpu, machine_.core(other), *this))
            wrong_ = "a move does not begin";
    }
    void migration_over(processor::Migration& migration) override
    {
        if (migration.outcome() == processor::Migration::Outcome::no_room)
            wrong_ = "a scheduler without reservations has no room";
    }
    bool is_done() const
    {
        return tenant_->done() &&
               std::ranges::all_of(workers_, [](auto& each) { return each->done() || each->stopped(); });
    }
    bool is_quiet() { return policies().swap.idle() && policies().has_returned() && migration_.idle(); }
    /// All frames of the machine, whoever has them.
    std::uint64_t sum()
    {
        return machine_.pool().free().value() + machine_.memory().used().value() + heap_.used().value();
    }
    std::string complaint()
    {
        auto const faults = policies().faults();
        for (auto const& worker : workers_)
        {
            bool const is_victim = std::ranges::any_of(
                faults, [&](auto& fault)
                { return fault.domain == arch::Fault_domain::guest && fault.resource == worker->name(); });
            if (is_victim && !worker->stopped())
                return worker->name() + " goes on after its fault";
            if (!is_victim && !worker->ends_itself() && worker->stopped())
                return worker->name() + " was stopped";
            if (is_victim)
                continue;
            if (!worker->done())
                return worker->name() + " does not come to its end";
            if (auto const wrong = worker->complaint(); !wrong.empty())
                return wrong;
        }
        if (!tenant_->done())
            return "the job does not come to its end";
        if (!is_quiet())
            return "a swap or a move does not come to its end";
        if (!wrong_.empty())
            return wrong_;
        for (std::uint32_t core = 0; core < cores; ++core)
        {
            auto const& window = arch::core_window_of(Core_id(core));
            if (window.held_ranks != 0 || window.commit_sections != 0 || window.undo != nullptr)
                return "a core keeps a lock, a commit section or something to undo";
        }
        if (sum() != owned_)
            return "frames: " + std::to_string(sum()) + " of " + std::to_string(owned_) + " are left";
        if (auto const left = policies().policies_left(); left != policies_)
            return "policies: " + std::to_string(left) + ", not " + std::to_string(policies_);
        return faulty_policy(faults);
    }
    /// A policy that failed is gone: its resource's history says so, by a return, by the swap that was under way, or by
    /// one that failed.
    std::string faulty_policy(const std::vector<Seen_fault>& faults)
    {
        for (auto const& fault : faults)
        {
            if (fault.domain != arch::Fault_domain::policy)
                continue;
            auto const& history = policies().adaptor(fault.resource).history();
            bool known = history.count() > history.kept();
            for (std::size_t back = 0; back < history.kept(); ++back)
                known = known || history[back].returned || history[back].replaced_failed ||
                        history[back].error == Error::faulted;
            if (!known)
                return "the history of " + fault.resource + " knows nothing of its fault";
        }
        return {};
    }

    std::mt19937_64 random_;
    std::string wrong_{};
    processor::Migration migration_{}; ///< cores may have it until they end
    Basic_running_vcpus<Managed_policies> machine_{cores};
    policy::First_touch_allocator heap_frames_{machine_.pool()};
    memory::Heap heap_{heap_frames_, Node_id(0)};
    std::optional<Tenant> tenant_{};
    std::vector<std::unique_ptr<Worker>> workers_{};
    std::uint64_t owned_ = 0;
    std::uint64_t policies_ = 0;
};

} // namespace ovm::test
