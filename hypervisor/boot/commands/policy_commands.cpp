#include "boot/commands/commands.hpp"

#include <ranges>

#include "boot/hypervisor.hpp"

namespace ovm::boot
{

using interface::Command;
using interface::Invocation;

namespace
{

/// A policy of a list, with its parameters' ranges.
void describe(Invocation& invocation, const object::Policy_description& policy, bool present)
{
    std::array<char, 200> storage{};
    Text_writer text(storage);
    for (auto const& parameter : policy.parameters)
    {
        text << ' ' << parameter.name << '=';
        object::write_value(text, parameter.initial, parameter.unit);
    }
    invocation.answer(present ? "* " : "  ", policy.name, text.view(), ": ", policy.meaning);
}

void describe(Invocation& invocation, const object::Adaptor& adaptor, const object::Swap_record& record)
{
    std::array<char, 200> storage{};
    Text_writer text(storage);
    auto const microseconds = [](Ticks ticks) { return arch::to_nanoseconds(ticks).value() / 1'000; };
    text << "  at " << microseconds(record.begun) / 1'000 << " ms by " << record.who.view() << ": "
         << record.from.view() << " to " << record.to.view();
    if (record.reached != object::Swap_phase::done)
        text << " failed in: " << to_text(record.reached) << " (" << to_text(record.error) << ')';
    else
        text << " in " << microseconds(record.whole) << " us";
    if (record.gate != Ticks(0))
        text << ", gate " << record.gate.value() << " ticks";
    if (record.lost != 0)
    {
        text << ", lost: ";
        adaptor.write_loss(text, record.lost);
    }
    if (record.returned || record.replaced_failed)
        text << ", as the one before it failed";
    invocation.answer(text.view());
}

/// Fills one request of a swap from the words from `at` on; answers where the next begins, or nothing after it said why
/// not.
std::optional<std::size_t> read_request(Invocation& invocation, Hypervisor& machine, std::size_t at,
                                        object::Swap::Request& request)
{
    if (at + 2 > invocation.arguments())
    {
        invocation.answer("a resource and a policy are missing at the end");
        return {};
    }
    auto const resource = invocation.argument(at);
    request.adaptor = machine.policies().find(resource);
    if (request.adaptor == nullptr)
    {
        invocation.answer("there is no resource ", resource, ": `policies` lists them");
        return {};
    }
    auto const name = invocation.argument(at + 1);
    auto const policy = request.adaptor->find(name);
    if (!policy)
    {
        invocation.answer(resource, " has no policy ", name, ": `policies ", resource, "` lists them");
        return {};
    }
    request.policy = *policy;
    auto const& description = request.adaptor->description(*policy);
    request.parameters = object::Parameters(description);
    for (at += 2; at < invocation.arguments() && invocation.argument(at) != "and"; ++at)
    {
        auto const word = invocation.argument(at);
        auto const equals = word.find('=');
        auto const key = word.substr(0, equals);
        auto const value = equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1);
        auto const set = request.parameters.set(key, value);
        if (set)
            continue;
        if (set.error() == Error::not_found)
            invocation.answer(name, " has no parameter ", key, ": `policies ", resource, "` lists them");
        else
            invocation.answer(key, "=", value, ": ",
                              set.error() == Error::out_of_range ? "beyond its range" : "not a value of its kind",
                              "; `policies ", resource, "` shows one");
        return {};
    }
    return at + 1;
}

} // namespace

Command::Step Policies_command::run(Invocation& invocation)
{
    if (invocation.arguments() == 1)
        return run_one(invocation);
    auto const adaptors = machine().policies().adaptors();
    if (invocation.place >= adaptors.size())
        return Step::done;
    auto const& adaptor = *adaptors[invocation.place++];
    std::array<char, 120> storage{};
    Text_writer parameters(storage);
    adaptor.parameters().write(parameters);
    invocation.answer(adaptor.resource(), ": ", adaptor.policy().name, parameters.size() == 0 ? "" : " ",
                      parameters.view(), ", ", adaptor.history().count(),
                      adaptor.history().count() == 1 ? " swap" : " swaps");
    return Step::again;
}

Command::Step Policies_command::run_one(Invocation& invocation)
{
    auto const* const adaptor = machine().policies().find(invocation.argument(0));
    if (adaptor == nullptr)
    {
        invocation.answer("there is no resource ", invocation.argument(0), ": `policies` lists them");
        return Step::done;
    }
    auto const place = invocation.place++;
    if (place < adaptor->policies())
    {
        if (adaptor->has(place))
            describe(invocation, adaptor->description(place), place == adaptor->current());
        return Step::again;
    }
    auto const back = place - adaptor->policies();
    if (back >= adaptor->history().kept())
        return Step::done;
    describe(invocation, *adaptor, adaptor->history()[back]);
    return Step::again;
}

/// A line a slice.
Command::Step Swap_command::answer_next(Invocation& invocation)
{
    if (swapped_.empty())
    {
        invocation.answer("swapped");
        return Step::done;
    }
    auto const& adaptor = *swapped_.items().back();
    describe(invocation, adaptor, adaptor.history()[0]);
    swapped_.pop_back();
    return Step::again;
}

Command::Step Swap_command::run(Invocation& invocation)
{
    // `place` is the number of the swap that was begun, plus 1; then `answering`.
    constexpr std::size_t answering = ~std::size_t{0};
    auto& policies = machine().policies();
    if (invocation.place == answering)
        return answer_next(invocation);
    if (invocation.place != 0)
    {
        auto const& swap = policies.swap(invocation.place - 1);
        if (!swap.idle())
            return Step::wait;
        if (swap.succeeded())
        {
            // Another swap may use this one's list from the next slice on.
            for (auto const& request : swap.requests() | std::views::reverse)
                OVM_ASSERT(swapped_.push_back(request.adaptor).has_value());
            invocation.place = answering;
            return answer_next(invocation);
        }
        auto const& failed = swap.requests()[swap.failed_request()];
        invocation.answer("not swapped: ", failed.adaptor->resource(), " failed in: ", to_text(swap.failed_in()), ": ",
                          to_text(swap.error()), "; the policies before go on");
        return Step::done;
    }
    auto const number = policies.free_swap(invocation.who);
    if (!number)
    {
        invocation.answer("too many swaps are under way; try again");
        return Step::done;
    }
    auto& swap = policies.swap(*number);
    for (std::size_t at = 0; at < invocation.arguments();)
    {
        object::Swap::Request request{};
        auto const next = read_request(invocation, machine(), at, request);
        if (!next)
        {
            swap.abandon();
            return Step::done;
        }
        if (auto const added = swap.add(request); !added)
        {
            invocation.answer(request.adaptor->resource(), added.error() == Error::busy
                                                               ? ": another swap of it is under way"
                                                               : ": too many resources in one swap");
            swap.abandon();
            return Step::done;
        }
        at = *next;
    }
    swap.begin(Core_id{0}, nullptr);
    invocation.place = *number + 1;
    return Step::wait;
}

} // namespace ovm::boot
