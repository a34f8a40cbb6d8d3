#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "arch/boot.hpp"
#include "arch/boot_information.hpp"
#include "arch/serial.hpp"
#include "interface/console/crash_report.hpp"
#include "interface/machine/virtual_machine.hpp"
#include "memory/heap.hpp"
#include "policy/population.hpp"
#include "policy/scheduler/round_robin_scheduler.hpp"
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
class Hypervisor final : public interface::Vm_owner, private interface::Console_owner, private arch::Serial_receiver
{
public:
    Hypervisor(const arch::Boot_information& information, memory::Frame_allocator& frames, memory::Heap& heap);

    /// Makes the core that calls it run vcpus. Error: no memory, or its processor cannot virtualize.
    Result<processor::Core*> start_core(Core_id id);
    /// After core 0 started: the console, then all other cores, then the VMs.
    void start();

    void ended(interface::Virtual_machine& vm) override;

private:
    /// One VM of machine.conf, through all of its lives.
    class Slot final : private processor::Message
    {
    public:
        Slot(Hypervisor& owner, Vm_id id, const interface::Vm_configuration& configuration)
            : owner_(owner), id_(id), configuration_(configuration), terminal_(*owner.console_, id, configuration.name)
        {
        }

        /// Its next step, on core 0: build, populate slice by slice, load and start; or take down what ended.
        void post() { owner_.cores_[0]->post(*this); }
        interface::Guest_terminal& terminal() { return terminal_; }
        const interface::Vm_configuration& configuration() const { return configuration_; }

    private:
        friend class Hypervisor;
        enum class Phase : std::uint8_t
        {
            build,
            populate,
            load,
            run,
            done
        };

        void received(processor::Core& core) override;
        bool step();
        void could_not_start(std::string_view why);
        void take_down();

        Hypervisor& owner_;
        Vm_id id_;
        interface::Vm_configuration configuration_;
        interface::Guest_terminal terminal_;
        Phase phase_ = Phase::build;
        memory::Owned<interface::Virtual_machine> vm_{};
    };

    void received(std::uint8_t byte) override { console_->receive(byte); }
    void stop_requested() override { finish(interface::Finish_status::good); }
    void start_console();
    bool read_configuration();
    void refuse(std::string_view what, std::string_view word, unsigned line);
    void report(Vm_id id, std::string_view name, const interface::Vm_end& end);
    /// One VM less; after the last one, the machine has nothing to do.
    void one_done();
    [[noreturn]] void finish(interface::Finish_status status);

    const arch::Boot_information& information_;
    memory::Frame_allocator& frames_;
    memory::Heap& heap_;
    interface::Archive archive_;
    interface::Machine_configuration configuration_{};
    policy::Eager_population eager_{};
    policy::Lazy_population lazy_{};
    Machine_serial person_{arch::Serial::terminal};
    Machine_serial program_{arch::Serial::records};
    interface::Crash_report crash_report_{program_};
    memory::Owned<interface::Console> console_{};
    std::array<memory::Owned<policy::Round_robin_scheduler>, arch::max_cores> schedulers_{};
    std::array<memory::Owned<processor::Core>, arch::max_cores> owned_cores_{};
    std::array<processor::Core*, arch::max_cores> cores_{};
    std::atomic<std::uint32_t> cores_ready_{0};
    std::array<memory::Owned<Slot>, interface::max_vms> slots_{};
    std::uint32_t alive_ = 0;
    interface::Finish_status worst_ = interface::Finish_status::good;
};

} // namespace ovm::boot
