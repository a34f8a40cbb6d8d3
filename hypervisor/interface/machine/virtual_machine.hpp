#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

#include "interface/boot/acpi_tables.hpp"
#include "interface/boot/configuration.hpp"
#include "interface/boot/copies.hpp"
#include "interface/boot/entry_state.hpp"
#include "interface/boot/vm_files.hpp"
#include "interface/console/console.hpp"
#include "interface/exit/dispatcher.hpp"
#include "interface/machine/platform.hpp"
#include "memory/guest_memory.hpp"
#include "memory/heap.hpp"
#include "object/clustered/epoch.hpp"
#include "processor/core.hpp"
#include "processor/vcpu.hpp"

namespace ovm::interface
{

/// How a VM came to its end.
struct Vm_end
{
    End_reason reason = End_reason::powered_off;
    std::uint32_t value = 0;   ///< of the debug exit
    std::string_view detail{}; ///< static text
};

class Virtual_machine;

/// Who learns that a VM has ended: its vcpus run no more, and it may be destroyed. Called on any core.
class Vm_owner
{
public:
    virtual void ended(Virtual_machine& vm) = 0;

protected:
    ~Vm_owner() = default;
};

/// One virtual machine: memory, vcpus, and the small PC around them.
/// Invariant:   the first reason to end counts, all later ones are ignored.
/// Concurrency: built on one core; afterwards end() and the device requests from any.
/// Lifetime:    destroyed after Vm_owner::ended.
/// Failure:     create and load answer why; nothing of the VM is left then.
class Virtual_machine final : public Machine_control, private Vm_events, private processor::Vcpu_events
{
public:
    struct Environment
    {
        memory::Heap& heap;
        memory::Frame_allocator& frames;
        Console& console;
        Guest_terminal& terminal;
        Vm_owner& owner;
        memory::Population& population;
        /// Where vcpus live at first: vcpu i on homes[i].
        std::array<processor::Core*, max_vcpus> homes{};
    };

    Virtual_machine(const Environment& environment, Vm_id id, const Vm_configuration& configuration);
    ~Virtual_machine();
    Virtual_machine(const Virtual_machine&) = delete;
    Virtual_machine& operator=(const Virtual_machine&) = delete;

    // To be called in this order, each until it is done.

    /// An empty memory, and the devices.
    Result<> build();
    /// The next vcpu; true when all are there.
    Result<bool> add_vcpu();
    /// One slice of giving it its memory; true when the population wants no more. Error::busy: try again.
    Result<bool> populate_step() { return memory_.populate_step(); }
    /// A slice of what firmware leaves to a guest; true when all is there. Error::no_memory.
    Result<bool> load_tables() { return tables_.write_some(); }
    /// What its boot protocol wants, but for what is long; vcpu 0 stands at the kernel's entry.
    std::expected<void, Load_error> load(const Vm_files& files);
    /// One slice of copying what is long; true when all is there. Error::no_memory.
    Result<bool> load_step();
    void start();
    /// Stops all vcpus, then tells the owner.
    void end(const Vm_end& how);

    /// Its vcpus run no more: Vm_owner::ended was told, or will be soon.
    bool has_ended() const { return running_.load(std::memory_order_acquire) == 0 && ending_.load(); }
    /// One slice of giving everything back; true when only the destructor is left. Requires has_ended(), or that it
    /// never started, and that no vcpu is being moved.
    bool take_down_step();

    Vm_id id() const { return id_; }
    std::string_view name() const { return configuration_.name; }
    const Vm_end& how_it_ended() const { return end_; }
    const memory::Guest_memory& memory() const { return memory_; }
    std::uint32_t vcpus() const { return configuration_.vcpus; }
    /// Requires index < vcpus(), and that all were added.
    const processor::Vcpu& vcpu(std::uint32_t index) const { return *processors_[index].vcpu; }
    processor::Vcpu& vcpu(std::uint32_t index) { return *processors_[index].vcpu; }
    /// OVM itself failed while it served one of its exits.
    void fail(processor::Vcpu& vcpu, std::string_view why);

    void request_power_off() override { end({End_reason::powered_off, 0, {}}); }
    void request_reset() override { end({End_reason::reset, 0, {}}); }
    void request_debug_exit(std::uint32_t value) override { end({End_reason::debug_exit, value, {}}); }

private:
    void crashed(processor::Vcpu& vcpu, const arch::Exit& exit, const char* why) override;
    void resumed(processor::Vcpu& vcpu) override;
    void halted_for_good(processor::Vcpu& vcpu) override;
    void refused(processor::Vcpu& vcpu) override;
    void stopped(processor::Vcpu& vcpu) override;
    void moving(processor::Vcpu& vcpu, processor::Core& to) override;
    void flushed(processor::Vcpu&) override {}

    struct Processor
    {
        std::optional<Host_physical> memory{};
        object::Owned<processor::Vcpu> vcpu{};
    };

    enum class Take_down : std::uint8_t
    {
        nothing,
        disconnected, ///< nobody asks anything of a vcpu any more
        unasked,      ///< no message of a vcpu is in an inbox
        without_processors
    };

    bool any_vcpu_is_asked() const;
    void disconnect();
    void destroy_processors();
    memory::Page_order processor_order() const;
    processor::Scheduling_parameters scheduling() const;

    Environment const environment_;
    Vm_id const id_;
    Vm_configuration const configuration_;
    memory::Guest_memory memory_;
    Platform platform_;
    Dispatcher dispatcher_;
    std::array<Processor, max_vcpus> processors_{};
    std::uint32_t added_ = 0; ///< vcpus
    Acpi_tables tables_;
    Copies copies_{memory_};
    Take_down take_down_ = Take_down::nothing;
    object::Grace_period grace_{};
    std::atomic<bool> ending_{false};
    std::atomic<std::uint32_t> running_{0};
    Vm_end end_{};
};

/// Puts vcpu 0 where a boot protocol wants it.
void enter(arch::Virtual_processor& state, const Entry_state& entry);

} // namespace ovm::interface
