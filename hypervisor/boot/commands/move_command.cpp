#include "boot/commands/commands.hpp"
#include "boot/hypervisor.hpp"

namespace ovm::boot
{

using interface::Command;
using interface::Invocation;
using processor::Migration;

Command::Step Move_command::run(Invocation& invocation)
{
    // `place` is 1 once the move is under way.
    if (invocation.place == 0)
        return begin(invocation);
    auto const& balancer = machine().balancer();
    if (!balancer.idle())
        return Step::wait;
    auto const& report = balancer.last_by_hand();
    switch (report.outcome)
    {
    case Migration::Outcome::moved:
        invocation.answer("moved to core ", invocation.argument(2), " in ",
                          arch::to_nanoseconds(report.duration).value() / 1'000, " us");
        break;
    case Migration::Outcome::no_room:
        invocation.answer("not moved: its reservation does not fit beside the others on core ", invocation.argument(2));
        break;
    case Migration::Outcome::stopped:
        invocation.answer("not moved: its VM has stopped");
        break;
    }
    return Step::done;
}

Command::Step Move_command::begin(Invocation& invocation)
{
    auto const name = invocation.argument(0);
    auto const slots = machine().slots();
    auto const slot = std::ranges::find_if(slots, [name](auto& each) { return each->configuration().name == name; });
    if (slot == slots.end())
    {
        invocation.answer("there is no VM ", name, ": `vms` lists them");
        return Step::done;
    }
    auto* const vm = machine().registry().find((*slot)->id());
    if (vm == nullptr)
    {
        invocation.answer(name, " does not run: it is ", (*slot)->state());
        return Step::done;
    }
    auto const vcpu = index_below(invocation.argument(1), vm->vcpus());
    if (!vcpu)
    {
        invocation.answer(name, " has no vcpu ", invocation.argument(1), ": they are 0 to ", vm->vcpus() - 1);
        return Step::done;
    }
    auto const core = index_below(invocation.argument(2), machine().cores());
    if (!core)
    {
        invocation.answer("there is no core ", invocation.argument(2), ": they are 0 to ", machine().cores() - 1);
        return Step::done;
    }
    auto const begun = machine().balancer().move(vm->vcpu(*vcpu), *machine().core(Core_id(*core)));
    if (!begun && begun.error() == Error::busy)
        return Step::wait;
    if (!begun)
    {
        invocation.answer("vcpu ", *vcpu, " of ", name, " lives on core ", *core, " already");
        return Step::done;
    }
    invocation.place = 1;
    return Step::wait;
}

} // namespace ovm::boot
