#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "arch/boot.hpp"
#include "arch/boot_information.hpp"
#include "arch/serial.hpp"
#include "boot/balancer.hpp"
#include "boot/clustered_objects.hpp"
#include "boot/commands/commands.hpp"
#include "boot/commands/script.hpp"
#include "boot/delivery_line.hpp"
#include "boot/faults.hpp"
#include "boot/modules.hpp"
#include "boot/policies.hpp"
#include "boot/provoked_fault.hpp"
#include "boot/slot.hpp"
#include "interface/console/crash_report.hpp"
#include "interface/machine/virtual_machine.hpp"
#include "interface/machine/vm_registry.hpp"
#include "memory/heap.hpp"
#include "memory/node_pages.hpp"
#include "processor/core.hpp"

namespace ovm::boot
{

/// COM1 or COM2 as a line for the console.
class Machine_serial final : public interface::Serial_port
{
public:
    explicit Machine_serial(arch::Serial line) : line_(line) {}
    bool try_write(std::uint8_t byte) override { return arch::try_write_serial(line_, byte); }

private:
    arch::Serial line_;
};

/// The whole of OVM on one computer: its memory, cores, console, and the VMs that the boot archive describes.
/// Concurrency: built by core 0; the other cores add themselves by start_core(). VMs begin, end and begin again as
///              messages to core 0.
/// Lifetime:    for ever.
class Hypervisor final : public interface::Vm_owner,
                         private processor::Core_events,
                         private object::State_source<processor::Placement>,
                         private interface::Console_owner,
                         private arch::Serial_receiver
{
public:
    Hypervisor(const arch::Boot_information& information, memory::Frame_pool& pool, memory::Heap& heap);

    /// Before the first core. Error: no memory.
    Result<> open();

    /// Makes the core that calls it run vcpus. Error: no memory, or its processor cannot virtualize.
    Result<processor::Core*> start_core(Core_id id);
    /// After core 0 started: the console, then all other cores, then the VMs.
    void start();

    void ended(interface::Virtual_machine& vm) override;

    // What slots and commands work with.
    memory::Heap& heap() { return heap_; }
    memory::Frame_pool& pool() { return pool_; }
    interface::Console& console() { return *console_; }
    const interface::Archive& archive() const { return archive_; }
    Policies& policies() { return policies_; }
    /// Once the console is there.
    Modules& modules() { return *modules_; }
    const Clustered_objects& clustered() const { return clustered_; }
    interface::Vm_registry& registry() { return registry_; }
    Balancer& balancer() { return balancer_; }
    const Faults& faults() const { return faults_; }
    /// Nothing when there is no such core, or it has not started.
    processor::Core* core(Core_id id);
    object::Collector& collector() { return collector_; }
    std::uint32_t cores() const { return cores_ready_.load(std::memory_order_acquire); }
    std::span<const object::Owned<Slot>> slots() const { return std::span(slots_).first(made_); }
    bool restarts() const { return configuration_.restart_on_reset; }
    void restarted(Vm_id id);
    void report(Vm_id id, std::string_view name, const interface::Vm_end& end);
    /// One VM less; after the last one, the machine has nothing to do.
    void one_done();
    /// Everything, now, as a person asked.
    [[noreturn]] void stop() { finish(interface::Finish_status::good); }

private:
    void received(arch::Serial line, std::uint8_t byte) override
    {
        line == arch::Serial::terminal ? console_->receive(byte) : delivery_line_->receive(byte);
    }
    void stop_requested() override { finish(interface::Finish_status::good); }
    void start_console();
    void repeat_previous_crash();
    bool read_configuration();
    Result<> make_collected_heap(Core_id core);
    void refuse(std::string_view what, std::string_view word, unsigned line);
    processor::Scheduler& last_resort(Core_id core) override { return policies_.last_resort(core); }
    void scheduler_failed(processor::Core& core, const arch::Fault& fault) override;
    void policy_failed(processor::Core& core, object::Adaptor& resource, const arch::Fault& fault) override;
    void vcpu_failed(processor::Core& core, processor::Vcpu& vcpu, const arch::Fault& fault) override;
    void job_failed(processor::Core& core, const arch::Fault& fault) override;
    void rebuild(processor::Placement_state& state) override;
    void command_entered(std::string_view line) override;
    [[noreturn]] void finish(interface::Finish_status status);

    const arch::Boot_information& information_;
    memory::Frame_pool& pool_;
    memory::Heap& heap_;
    /// A core's heap of collected objects.
    struct Collected_heap
    {
        Collected_heap(object::Collector& collector, Core_id core, memory::Frame_allocator& frames,
                       const object::Collection_policy& policy)
            : pages(frames, arch::node_of(core)), heap(collector, core, pages, policy)
        {
        }
        memory::Node_pages pages;
        object::Local_heap heap;
    };

    /// Of what policies live in or stand on: they must not be asked for it.
    policy::First_touch_allocator own_frames_;
    object::Collector collector_{};
    Policies policies_;
    interface::Vm_registry registry_{own_frames_};
    Clustered_objects clustered_{};
    interface::Archive archive_;
    interface::Machine_configuration configuration_{};
    Machine_serial person_{arch::Serial::terminal};
    Machine_serial program_{arch::Serial::records};
    interface::Crash_report crash_report_{program_};
    Provoked_fault provoked_fault_{};
    object::Owned<interface::Console> console_{};
    object::Owned<Modules> modules_{};
    std::optional<Delivery_line> delivery_line_{};
    std::array<object::Owned<Collected_heap>, arch::max_cores> collected_heaps_{};
    std::array<object::Owned<processor::Core>, arch::max_cores> owned_cores_{};
    std::array<processor::Core*, arch::max_cores> cores_{};
    std::atomic<std::uint32_t> cores_ready_{0};
    std::array<object::Owned<Slot>, interface::max_vms> slots_{};
    std::uint32_t made_ = 0;
    std::uint32_t alive_ = 0;
    Balancer balancer_{*this};
    Faults faults_{};
    Commands commands_{*this};
    std::optional<Script> script_{};
    interface::Finish_status worst_ = interface::Finish_status::good;
};

} // namespace ovm::boot
