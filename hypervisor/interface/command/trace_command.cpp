#include "interface/command/trace_command.hpp"

#include <algorithm>

#include "arch/core_window.hpp"
#include "arch/processor.hpp"
#include "object/adaptor/parameters.hpp"

namespace ovm::interface
{

void Trace_command::take_copy(const object::Trace_ring& ring, std::size_t count)
{
    copy_.clear();
    auto const end = ring.recorded();
    for (auto number = end - std::min<std::uint64_t>(end, count); number < end; ++number)
    {
        if (auto const entry = ring.at(number))
            OVM_ASSERT(copy_.push_back(*entry).has_value());
    }
}

Command::Step Trace_command::run(Invocation& invocation)
{
    std::uint64_t count = 16;
    if (invocation.arguments() == 1)
    {
        auto const wanted = object::parse_value(invocation.argument(0), object::Unit::number);
        if (!wanted || *wanted == 0 || *wanted > most)
        {
            invocation.answer("COUNT is 1 to ", most, ", not ", invocation.argument(0));
            return Step::done;
        }
        count = *wanted;
    }
    // `place`: the core, and how many of its lines are written.
    auto const core = invocation.place / (most + 1);
    auto const line = invocation.place % (most + 1);
    if (core == arch::window_count())
        return Step::done;
    if (line == 0)
    {
        copy_.clear();
        if (auto const* const ring = arch::core_window_of(Core_id(static_cast<std::uint32_t>(core))).trace)
            take_copy(*ring, count);
    }
    if (line == copy_.size())
    {
        invocation.place = (core + 1) * (most + 1);
        return Step::again;
    }
    auto const& entry = copy_.items()[line];
    invocation.answer("core ", core, ", ", arch::to_nanoseconds(entry.when).value() / 1'000,
                      " us: ", entry.where->function, " ", entry.number);
    ++invocation.place;
    return Step::again;
}

} // namespace ovm::interface
