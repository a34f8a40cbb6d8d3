#include "boot/balancer.hpp"

#include "boot/hypervisor.hpp"

namespace ovm::boot
{

using processor::Migration;

void Balancer::begin()
{
    auto* const placement = owner_.policies().find("placement");
    OVM_ASSERT(placement != nullptr);
    placement->observe(*this);
    policy_changed();
}

/// It says for itself how often it wants to be asked, from now on.
void Balancer::policy_changed()
{
    if (owner_.cores() == 1)
        return;
    measure(arch::time_stamp());
    due_ = true;
    start(Core_id{0});
}

void Balancer::fired(Ticks)
{
    due_ = true;
    start(Core_id{0});
}

object::Job::Step Balancer::step()
{
    switch (phase_)
    {
    case Phase::waiting:
        return due_ ? ask() : Step::wait;
    case Phase::moving:
        return Step::wait;
    case Phase::telling:
        return tell();
    }
    return Step::wait;
}

/// A placement that is being replaced is asked again, and so is the next one after one that failed: nothing counts as
/// asked before it has answered.
object::Job::Step Balancer::ask()
{
    using processor::Placement;
    auto const placement = owner_.policies().placement();
    auto const pace = placement.ask([](Placement& policy) { return policy.pace(); });
    if (!pace)
        return Step::again;
    if (!*pace)
    {
        due_ = false;
        return Step::wait;
    }
    auto const now = arch::time_stamp();
    measure(now);
    auto const move = placement.ask([&](Placement& policy) { return policy.rebalance(loads(), now); });
    due_ = false;
    owner_.core(Core_id{0})->timers().arm(*this, now + arch::to_ticks(**pace));
    if (move && *move)
        static_cast<void>(carry_out(**move)); // who cannot be moved is forgotten
    return Step::wait;
}

/// What every core was asked for since it was looked at last.
void Balancer::measure(Ticks now)
{
    for (std::uint32_t i = 0; i < owner_.cores(); ++i)
    {
        auto const reading = owner_.core(Core_id(i))->load(now);
        auto const before = std::exchange(read_[i], reading);
        auto const period = (reading.at - before.at).value();
        auto& load = loads_[i];
        load = {.node = arch::node_of(Core_id(i)), .resident = reading.resident, .runnable = reading.runnable};
        if (period == 0)
            continue;
        load.busy_permille = static_cast<std::uint32_t>((reading.busy - before.busy).value() * 1000 / period);
        load.runnable = static_cast<std::uint32_t>(((reading.demand - before.demand).value() + period / 2) / period);
    }
}

std::span<const processor::Core_load> Balancer::loads() const
{
    return std::span(loads_).first(owner_.cores());
}

bool Balancer::carry_out(const processor::Move& move)
{
    auto& registry = owner_.registry();
    auto* const vm = registry.find(move.vcpu.vm);
    auto* const to = owner_.core(move.to);
    if (vm == nullptr || to == nullptr || registry.home(move.vcpu) != move.from ||
        !migration_.begin(vm->vcpu(move.vcpu.index.value()), *to, *this))
        return false;
    phase_ = Phase::moving;
    by_hand_ = false;
    return true;
}

Result<> Balancer::move(processor::Vcpu& vcpu, processor::Core& to)
{
    if (!idle())
        return Error::busy;
    OVM_TRY(migration_.begin(vcpu, to, *this));
    phase_ = Phase::moving;
    by_hand_ = true;
    return {};
}

void Balancer::migration_over(Migration& migration)
{
    if (by_hand_)
        last_by_hand_ = {migration.outcome(), migration.duration()};
    bool const moved = migration.outcome() == Migration::Outcome::moved;
    if (moved)
        owner_.registry().settle(migration.vcpu().identity(), migration.to().id());
    auto& counter = !moved ? counts_.refused : by_hand_ ? counts_.by_hand : counts_.by_placement;
    ++counter;
    phase_ = moved ? Phase::telling : Phase::waiting;
    start(Core_id{0});
}

object::Job::Step Balancer::tell()
{
    auto const who = migration_.vcpu().identity();
    auto const told = owner_.policies().placement().ask([&](processor::Placement& policy)
                                                        { return policy.moved(who, migration_.to().id()); });
    if (!told && told.error() == Error::busy)
        return Step::again; // it is being replaced: the next one hears it
    phase_ = Phase::waiting;
    return due_ ? Step::again : Step::wait;
}

bool Balancer::concerns(Vm_id vm) const
{
    return phase_ != Phase::waiting && migration_.vcpu().vm() == vm;
}

} // namespace ovm::boot
