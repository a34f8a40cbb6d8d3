#include "boot/commands/commands.hpp"
#include "boot/hypervisor.hpp"

namespace ovm::boot
{

using interface::Command;
using interface::Invocation;

namespace
{

constexpr std::string_view to_text(object::Family_id family)
{
    switch (family)
    {
    case object::Family_id::scheduler:
        return "scheduler";
    case object::Family_id::halt:
        return "halt";
    case object::Family_id::population:
        return "population";
    case object::Family_id::placement:
        return "placement";
    case object::Family_id::frames:
        return "frames";
    }
    return "unknown";
}

void describe(Invocation& invocation, const loader::Loader::Entry& entry, std::span<object::Adaptor* const> adaptors)
{
    auto const& module = *entry.current;
    std::array<char, 160> storage{};
    Text_writer uses(storage);
    for (auto const* const adaptor : adaptors)
    {
        if (loader::in_charge(module, *adaptor))
            uses << (uses.size() == 0 ? ", in use by " : ", ") << adaptor->resource();
    }
    if (entry.previous)
        uses << ", version " << entry.previous->version() << " kept";
    if (module.in_quarantine())
        uses << ", in quarantine";
    if (module.is_revoked())
        uses << ", revoked";
    invocation.answer(module.name(), " ", module.version(), ": ", module.size(), uses.view());
}

/// What `module info` says after its first line: a policy, a parameter.
void describe(Invocation& invocation, const loader::Provided_policy& policy)
{
    std::array<char, 200> storage{};
    Text_writer text(storage);
    for (auto const& parameter : std::span(policy.parameter_list).first(policy.parameters))
    {
        text << ' ' << parameter.name << '=';
        object::write_value(text, parameter.initial, parameter.unit);
    }
    invocation.answer("  ", to_text(policy.family), " ", policy.name, text.view(), ": ", policy.meaning);
}

} // namespace

Command::Step Module_command::run(Invocation& invocation)
{
    auto const what = invocation.argument(0);
    if (what == "list")
        return list(invocation);
    if (invocation.arguments() != 2)
    {
        invocation.answer("usage: module ", usage());
        return Step::done;
    }
    return what == "info" ? info(invocation) : change(invocation);
}

Command::Step Module_command::list(Invocation& invocation)
{
    auto const entries = machine().modules().loader().entries();
    while (invocation.place < entries.size())
    {
        auto const& entry = entries[invocation.place++];
        if (!entry.current)
            continue;
        describe(invocation, entry, machine().modules().adaptors());
        return Step::again;
    }
    return Step::done;
}

Command::Step Module_command::info(Invocation& invocation)
{
    for (auto const& entry : machine().modules().loader().entries())
    {
        if (!entry.current || entry.current->name() != invocation.argument(1))
            continue;
        auto const& module = *entry.current;
        if (invocation.place == 0)
        {
            describe(invocation, entry, machine().modules().adaptors());
            invocation.answer("  ", module.text(), " of code, at most ", Bytes(module.stack()), " of stack, ",
                              module.obligations(), " obligations proved");
        }
        else if (invocation.place <= module.policies())
            describe(invocation, module.policy(invocation.place - 1));
        else
            return Step::done;
        ++invocation.place;
        return Step::again;
    }
    invocation.answer("there is no module ", invocation.argument(1), ": `module list` lists them");
    return Step::done;
}

Command::Step Module_command::change(Invocation& invocation)
{
    auto const what = invocation.argument(0);
    auto const name = invocation.argument(1);
    auto& modules = machine().modules();
    auto& loader = modules.loader();
    if (invocation.place != 0)
    {
        auto const* const outcome = loader.outcome(static_cast<loader::Loader::Number>(invocation.place));
        if (outcome == nullptr)
            return Step::wait;
        invocation.answer(outcome->said.view());
        return Step::done;
    }
    if (!loader.idle())
        return Step::wait;
    if (what == "load" || what == "keys")
    {
        auto const begun = what == "load" ? modules.load(name) : modules.take_keys(name);
        if (!begun)
        {
            invocation.answer(what == "load" ? "modules/" : "keys/", name,
                              " of the boot archive: ", ovm::to_text(begun.error()));
            return Step::done;
        }
        invocation.place = *begun;
    }
    else if (what == "unload")
        invocation.place = loader.unload(name);
    else if (what == "roll-back")
        invocation.place = loader.roll_back(name);
    else
    {
        invocation.answer("usage: module ", usage());
        return Step::done;
    }
    return Step::wait;
}

} // namespace ovm::boot
