#include "boot/commands/commands.hpp"
#include "boot/hypervisor.hpp"

namespace ovm::boot
{

using interface::Command;
using interface::Invocation;

Command::Step Change_command::run(Invocation& invocation)
{
    // `place` is 1 once the change is under way.
    if (invocation.place == 0)
        return begin(invocation);
    if (!change_.idle())
        return Step::wait;
    if (change_.succeeded())
        answer(invocation, arch::to_nanoseconds(arch::time_stamp() - begun_).value() / 1'000);
    else
        answer(invocation, change_.error());
    return Step::done;
}

Command::Step Change_command::begin(Invocation& invocation)
{
    auto const name = invocation.argument(0);
    auto* const object = machine().clustered().find(name);
    if (object == nullptr)
    {
        invocation.answer("there is no clustered object ", name, ": `objects` lists them");
        return Step::done;
    }
    begun_ = arch::time_stamp();
    // One that was begun before may go on, if its command failed.
    auto const begun = change_.idle() ? begin(invocation, *object, change_) : Result<>(Error::busy);
    if (begun)
    {
        invocation.place = 1;
        return Step::wait;
    }
    if (begun.error() == Error::busy)
        invocation.answer("not changed: another change is under way; try again");
    else if (begun.error() != Error::invalid)
        answer(invocation, begun.error());
    return Step::done;
}

Result<> Kind_command::begin(Invocation& invocation, object::Changeable& object, object::Change& change)
{
    auto const kind = object::kind_named(invocation.argument(1));
    if (!kind)
    {
        invocation.answer("there is no kind ", invocation.argument(1), ": `help kind` lists them");
        return Error::invalid;
    }
    before_ = object.kind();
    if (before_ == *kind)
    {
        invocation.answer(invocation.argument(0), " is ", to_text(*kind), " already");
        return Error::invalid;
    }
    return change.begin_kind(object, *kind, object.home(), arch::this_core(), nullptr);
}

void Kind_command::answer(Invocation& invocation, std::uint64_t microseconds)
{
    invocation.answer(invocation.argument(0), ": ", to_text(before_), " to ", invocation.argument(1), " in ",
                      microseconds, " us");
}

void Kind_command::answer(Invocation& invocation, Error error)
{
    auto const name = invocation.argument(0);
    if (error == Error::unsupported)
        invocation.answer("not changed: ", name, " cannot be ", invocation.argument(1), "; it stays ",
                          to_text(before_));
    else
        invocation.answer("not changed: ", to_text(error), "; ", name, " stays ", to_text(before_));
}

Result<> Migrate_command::begin(Invocation& invocation, object::Changeable& object, object::Change& change)
{
    std::array<Core_id, 2> cores{};
    for (std::size_t i = 0; i < cores.size(); ++i)
    {
        auto const word = invocation.argument(i + 1);
        auto const core = index_below(word, machine().cores());
        if (!core)
        {
            invocation.answer("there is no core ", word, ": they are 0 to ", machine().cores() - 1);
            return Error::invalid;
        }
        cores[i] = Core_id(*core);
    }
    kind_ = object.kind();
    return change.begin_migration(object, cores[0], cores[1], arch::this_core(), nullptr);
}

void Migrate_command::answer(Invocation& invocation, std::uint64_t microseconds)
{
    invocation.answer(invocation.argument(0), ": from core ", invocation.argument(1), " to core ",
                      invocation.argument(2), " in ", microseconds, " us");
}

void Migrate_command::answer(Invocation& invocation, Error error)
{
    auto const name = invocation.argument(0);
    if (error != Error::unsupported)
        invocation.answer("not migrated: ", to_text(error), "; ", name, " stays as it was");
    else if (kind_ == object::Kind::replicated)
        invocation.answer("not migrated: ", name, " is replicated, every core has all of it");
    else
        invocation.answer("not migrated: cores ", invocation.argument(1), " and ", invocation.argument(2),
                          " have the same representative of ", name);
}

} // namespace ovm::boot
