#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "arch/hosted/vcpu.hpp"
#include "memory/frame_pool.hpp"
#include "processor/core.hpp"
#include "processor/core_policies.hpp"

/// Cores with vcpus whose guests are functions of the test.
namespace ovm::test
{

/// An interrupt controller with one line of each kind.
class Fake_interrupts final : public processor::Interrupt_port
{
public:
    std::optional<processor::Pending_interrupt> pending_interrupt() override
    {
        auto const vector = pending.load();
        if (vector == 0)
            return {};
        return processor::Pending_interrupt{.vector = static_cast<std::uint8_t>(vector), .external = external};
    }
    std::uint8_t acknowledge(processor::Pending_interrupt interrupt) override
    {
        pending = 0;
        ++acknowledged;
        return interrupt.vector;
    }
    bool nmi_pending() override { return nmi.load(); }
    void acknowledge_nmi() override { nmi = false; }
    bool take_init() override { return init.exchange(false); }
    std::optional<std::uint8_t> take_startup() override
    {
        auto const vector = startup.exchange(-1);
        if (vector < 0)
            return {};
        return static_cast<std::uint8_t>(vector);
    }

    std::atomic<int> pending{0};
    bool external = false;
    std::atomic<bool> nmi{false};
    std::atomic<bool> init{false};
    std::atomic<int> startup{-1};
    std::atomic<unsigned> acknowledged{0};
};

struct Running_vcpu final : processor::Exit_handler, processor::Vcpu_events
{
    void handle(processor::Vcpu& vcpu, const arch::Exit& exit) override { on_exit(vcpu, exit); }
    void resumed(processor::Vcpu&) override { ++times_resumed; }
    void halted_for_good(processor::Vcpu&) override { ++times_halted_for_good; }
    void refused(processor::Vcpu&) override { ++times_refused; }
    void stopped(processor::Vcpu&) override { ++times_stopped; }
    void flushed(processor::Vcpu&) override { ++times_flushed; }
    void moving(processor::Vcpu&, processor::Core& to) override { on_move(to); }

    Fake_interrupts interrupts{};
    std::optional<processor::Vcpu> vcpu{};
    std::function<void(processor::Vcpu&, const arch::Exit&)> on_exit = [](processor::Vcpu&, const arch::Exit&) {};
    std::function<void(processor::Core&)> on_move = [](processor::Core&) {};
    std::function<void(arch::hosted::Guest&)> guest = [](arch::hosted::Guest& g)
    { g.exit(arch::svm::exit_code::intr); };
    std::atomic<unsigned> times_resumed{0}, times_halted_for_good{0}, times_stopped{0}, times_flushed{0},
        times_refused{0};
};

/// `Policies` are the cores' events as well, and what a VM is given memory by.
template <typename Policies>
class Basic_running_vcpus
{
public:
    explicit Basic_running_vcpus(std::uint32_t count)
    {
        arch::hosted::reset(count);
        arch::hosted::forget_hardware();
        static_cast<void>(pool_.open_node(
            Node_id(0), std::array{Range<Host_physical>{Host_physical(0x100000), Bytes((256u << 20) - 0x100000)}}));
        policies_.emplace(count, pool_);
        memory_.emplace(policies_->frames(), Node_id(0), Bytes(64u << 20), policies_->population());
        OVM_ASSERT(memory_->open().has_value());
        for (std::uint32_t i = 0; i < count; ++i)
        {
            arch::hosted::become_core(Core_id(i));
            cores_.push_back(std::make_unique<processor::Core>(
                Core_id(i), policies_->start(i), static_cast<processor::Core_events&>(*policies_),
                *arch::Virtual_core::create(Core_id(i), zeroed(arch::Virtual_core::memory_needed))));
            policies_->started(*cores_.back());
        }
        arch::hosted::become_core(Core_id(0));
        arch::hosted::run_guests_as(
            [this](arch::hosted::Guest& guest)
            {
                auto* const running = cores_[guest.core.value()]->current();
                all_[(running->vm().value() - 1)]->guest(guest);
            });
    }
    ~Basic_running_vcpus()
    {
        for (auto& each : all_) // the test's locals are gone
        {
            each->guest = [](arch::hosted::Guest& guest) { guest.exit(arch::svm::exit_code::intr); };
            each->on_exit = [](processor::Vcpu&, const arch::Exit&) {};
            each->on_move = [](processor::Core&) {};
        }
        for (auto& each : all_)
        {
            arch::hosted::become_core(each->vcpu->home().id());
            auto const before = each->times_stopped.load();
            each->vcpu->stop();
            while (each->times_stopped == before)
                turn(each->vcpu->home().id().value());
        }
    }

    /// Vm 1, 2, ... each with one vcpu, in flat long mode over identity tables at 4 KiB.
    Running_vcpu& add(std::uint32_t core = 0, std::uint32_t index = 0,
                      const processor::Scheduling_parameters& scheduling = {})
    {
        auto& made = *all_.emplace_back(std::make_unique<Running_vcpu>());
        made.vcpu.emplace(
            processor::Vcpu::Identity{Vm_id(static_cast<std::uint32_t>(all_.size())), Vcpu_index(index), scheduling},
            *cores_[core], zeroed(arch::Virtual_processor::memory_needed()), *memory_, made, made.interrupts, made);
        return made;
    }
    /// With the core's timer or a kick pending, so that an idle turn does not wait for ever.
    void turn(std::uint32_t core = 0)
    {
        arch::kick(Core_id(core));
        cores_[core]->turn();
    }
    Host_physical zeroed(Bytes size)
    {
        std::uint8_t order = 0;
        while (memory::size_of(memory::Page_order(order)) < size)
            ++order;
        auto const at = pool_.allocate(Node_id(0), memory::Page_order(order), {}).value();
        for (auto& byte : arch::physical_bytes(at, size))
            byte = 0;
        return at;
    }
    processor::Core& core(std::uint32_t index) { return *cores_[index]; }
    memory::Guest_memory& memory() { return *memory_; }
    memory::Frame_pool& pool() { return pool_; }
    Policies& policies() { return *policies_; }

private:
    memory::Frame_pool pool_;
    std::optional<Policies> policies_{};
    std::optional<memory::Guest_memory> memory_{};
    std::vector<std::unique_ptr<processor::Core>> cores_;
    std::vector<std::unique_ptr<Running_vcpu>> all_;
};

using Running_vcpus = Basic_running_vcpus<Core_policies>;

} // namespace ovm::test
