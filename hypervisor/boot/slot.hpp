#pragma once

#include <array>
#include <cstdint>

#include "boot/policies.hpp"
#include "interface/machine/virtual_machine.hpp"
#include "object/collector/quota.hpp"
#include "object/heap/owned.hpp"
#include "object/job/job.hpp"

namespace ovm::boot
{

class Hypervisor;

/// One VM of machine.conf, through all of its lives.
/// Concurrency: its job's core, 0; start() from any.
/// Lifetime:    as long as the machine.
class Slot final : public object::Job, private object::State_source<memory::Population>
{
public:
    /// Before any VM runs: the whole of its files is read.
    Slot(Hypervisor& owner, Vm_id id, const interface::Vm_configuration& configuration);

    /// Its next step comes soon: build, populate slice by slice, load and start; or take down what ended.
    void go_on() { start(Core_id{0}); }
    interface::Guest_terminal& terminal() { return terminal_; }
    const interface::Vm_configuration& configuration() const { return configuration_; }
    Vm_id id() const { return id_; }
    /// What it is at, in one word.
    std::string_view state() const;
    /// Where its vcpus live that were placed and did not leave.
    void write_homes(processor::Placement_state& state) const;
    /// Nothing while it is not built.
    interface::Virtual_machine* vm() { return vm_.get(); }

private:
    enum class Phase : std::uint8_t
    {
        place,
        build,
        connect,
        add_vcpus,
        populate,
        load_tables,
        load,
        copy,
        run,
        ended,
        leave,
        done
    };

    Step step() override;
    Step faulted(const arch::Fault& fault) override;
    void rebuild(memory::Population_state& state) override;
    Step place();
    Step build();
    Step connect();
    Step add_vcpus();
    Step populate();
    Step load_tables();
    Step load();
    Step copy();
    Step give_rest();
    Step could_not_start(std::string_view why);
    Step take_down();
    Step leave();
    void give_up_building();

    static constexpr Bytes most_collected{256 << 10};

    Hypervisor& owner_;
    Vm_id id_;
    interface::Vm_configuration configuration_;
    std::expected<interface::Vm_files, interface::Load_error> files_;
    interface::Guest_terminal terminal_;
    Phase phase_ = Phase::place;
    interface::Vm_end end_{};
    bool claimed_ = false; ///< its population's adaptor, for good
    std::uint32_t placed_ = 0;
    std::uint32_t faults_while_ending_ = 0;
    std::array<processor::Core*, interface::max_vcpus> homes_{}; ///< of the placed ones, where they are to begin
    object::Quota quota_{most_collected};                        ///< of collected objects, through all of its lives
    std::optional<Policies::Population_adaptor> population_{};
    std::optional<memory::Managed_population> managed_population_{};
    object::Owned<interface::Virtual_machine> vm_{};
};

} // namespace ovm::boot
