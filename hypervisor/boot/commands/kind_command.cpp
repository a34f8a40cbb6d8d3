#include "boot/commands/commands.hpp"
#include "boot/hypervisor.hpp"

namespace ovm::boot
{

using interface::Command;
using interface::Invocation;

Command::Step Kind_command::run(Invocation& invocation)
{
    // `place` is 1 once the change is under way.
    if (invocation.place == 0)
        return begin(invocation);
    if (!change_.idle())
        return Step::wait;
    auto const name = invocation.argument(0);
    auto const kind = invocation.argument(1);
    auto const took = arch::to_nanoseconds(arch::time_stamp() - begun_).value() / 1'000;
    if (change_.succeeded())
        invocation.answer(name, ": ", to_text(before_), " to ", kind, " in ", took, " us");
    else if (change_.error() == Error::unsupported)
        invocation.answer("not changed: ", name, " cannot be ", kind, "; it stays ", to_text(before_));
    else
        invocation.answer("not changed: ", to_text(change_.error()), "; ", name, " stays ", to_text(before_));
    return Step::done;
}

Command::Step Kind_command::begin(Invocation& invocation)
{
    auto const name = invocation.argument(0);
    auto* const object = machine().clustered().find(name);
    if (object == nullptr)
    {
        invocation.answer("there is no clustered object ", name, ": `objects` lists them");
        return Step::done;
    }
    auto const kind = object::kind_named(invocation.argument(1));
    if (!kind)
    {
        invocation.answer("there is no kind ", invocation.argument(1), ": `help kind` lists them");
        return Step::done;
    }
    before_ = object->kind();
    if (before_ == *kind)
    {
        invocation.answer(name, " is ", to_text(*kind), " already");
        return Step::done;
    }
    begun_ = arch::time_stamp();
    // One that was begun before may go on, if its command failed.
    auto const begun =
        change_.idle() ? change_.begin_kind(*object, *kind, Node_id{0}, arch::this_core(), nullptr) : Error::busy;
    if (!begun)
    {
        invocation.answer("not changed: another change is under way; try again");
        return Step::done;
    }
    invocation.place = 1;
    return Step::wait;
}

} // namespace ovm::boot
