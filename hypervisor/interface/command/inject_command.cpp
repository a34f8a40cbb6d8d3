#include "interface/command/inject_command.hpp"

#include <optional>

#include "arch/core_window.hpp"
#include "object/adaptor/parameters.hpp"

namespace ovm::interface
{

namespace
{

using Kind = arch::Fault::Kind;

std::optional<Kind> kind_of(std::string_view word)
{
    if (word == "trap")
        return Kind::trap;
    if (word == "check")
        return Kind::check;
    if (word == "contract")
        return Kind::contract;
    if (word == "hang")
        return Kind::hang;
    return {};
}

} // namespace

Command::Step Inject_command::run(Invocation& invocation)
{
    watch();
    if (invocation.arguments() == 0)
        return list(invocation);
    arm(invocation);
    return Step::done;
}

/// From the first use on every core counts what it comes by.
void Inject_command::watch()
{
    for (std::uint32_t core = 0; core < arch::window_count(); ++core)
        arch::core_window_of(Core_id(core)).injections.store(&plan_, std::memory_order_release);
}

void Inject_command::arm(Invocation& invocation)
{
    if (invocation.arguments() < 3)
        return invocation.answer("a pass, a kind of fault and a place, or nothing: `help inject`");
    auto const pass = object::parse_value(invocation.argument(0), object::Unit::number);
    if (!pass || *pass == 0)
        return invocation.answer("PASS is a number from 1, not ", invocation.argument(0));
    auto const kind = kind_of(invocation.argument(1));
    if (!kind)
        return invocation.answer("a fault is a trap, check, contract or hang, not ", invocation.argument(1));
    std::array<char, 80> storage{};
    Text_writer name(storage);
    name << invocation.argument(2);
    for (std::size_t word = 3; word < invocation.arguments(); ++word)
        name << ' ' << invocation.argument(word);
    const arch::Injection_place* const place = name.view() == "any" ? nullptr : plan_.find(name.view());
    if (place == nullptr && name.view() != "any")
        return invocation.answer("no core came by ", name.view(), " yet: `inject` lists the places");
    plan_.arm(place, *pass, *kind);
}

Command::Step Inject_command::list(Invocation& invocation)
{
    auto const places = plan_.places();
    if (invocation.place < places.size())
    {
        auto const& place = places[invocation.place];
        invocation.answer(place.text(), ": passed ", place.passed.load(), ", failed ", place.injected.load(),
                          ", spared ", place.in_commit.load() + place.in_nobody.load());
    }
    return ++invocation.place < places.size() ? Step::again : Step::done;
}

} // namespace ovm::interface
