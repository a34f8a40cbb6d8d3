#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "arch/processor.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "object/adaptor/adaptor.hpp"
#include "object/job/job.hpp"
#include "processor/load_meter.hpp"
#include "processor/migration.hpp"
#include "processor/placement.hpp"
#include "processor/timer.hpp"

namespace ovm::boot
{

class Hypervisor;

/// Moves vcpus between cores while they run, one at a time: as the placement wants it, which is asked as often as it
/// says, or as a person does. Nothing runs while the placement moves nobody, or on one core.
/// Invariant:   a move that was carried out is told to the placement before the next one begins, and before its VM is
///              taken down.
/// Concurrency: core 0.
/// Lifetime:    as long as the machine.
class Balancer final : private object::Job,
                       private processor::Timer,
                       private processor::Migration_observer,
                       private object::Adaptor_observer
{
public:
    explicit Balancer(Hypervisor& owner) : owner_(owner) {}

    /// When all cores have started.
    void begin();

    /// A person's move. Error::busy: another one is under way; Error::exists: it lives there.
    Result<> move(processor::Vcpu& vcpu, processor::Core& to);
    bool idle() const { return phase_ == Phase::waiting; }
    /// How the last move by hand ended, once it is no longer under way.
    struct Report
    {
        processor::Migration::Outcome outcome = processor::Migration::Outcome::moved;
        Ticks duration{};
    };
    const Report& last_by_hand() const { return last_by_hand_; }

    /// It has a vcpu of that VM under way: the VM is not to be taken down yet.
    bool concerns(Vm_id vm) const;

    struct Counts
    {
        std::uint64_t by_placement = 0;
        std::uint64_t by_hand = 0;
        std::uint64_t refused = 0; ///< no room, or stopped meanwhile
    };
    const Counts& counts() const { return counts_; }
    /// Of every core, as they were when the placement was asked last.
    std::span<const processor::Core_load> loads() const;

private:
    enum class Phase : std::uint8_t
    {
        waiting, ///< for its time, or a person
        moving,
        telling, ///< the placement that it was carried out
    };

    Step step() override;
    void fired(Ticks now) override;
    void migration_over(processor::Migration& migration) override;
    void policy_changed() override;

    Step ask();
    Step tell();
    bool carry_out(const processor::Move& move);
    void measure(Ticks now);

    Hypervisor& owner_;
    processor::Migration migration_{};
    Phase phase_ = Phase::waiting;
    bool due_ = false; ///< to ask the placement
    bool by_hand_ = false;
    Report last_by_hand_{};
    Counts counts_{};
    std::array<processor::Load_meter::Reading, arch::max_cores> read_{}; ///< when it asked last
    std::array<processor::Core_load, arch::max_cores> loads_{};          ///< since then
};

} // namespace ovm::boot
