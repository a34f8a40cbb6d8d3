#include <algorithm>

#include "execution.hpp"

/// What is said of every object.
namespace ovm::compiler::verifier
{

namespace
{

/// Further back, what was said is seldom the same: each place doubles the ways.
constexpr std::size_t most_meetings = 2;

} // namespace

/// The truth that stands for it: the same one as before where memory has not changed since.
z3::expr Execution::truth_of(Quantified said, std::vector<z3::expr> meetings)
{
    auto const find = [&](bool is_link)
    {
        return std::ranges::find_if(quantified_,
                                    [&](const Quantified& one)
                                    {
                                        return (one.links != 0) == is_link && one.object == said.object &&
                                               logic_.is_equivalent(logic_.replaced(one.body, one.index, said.index),
                                                                    said.body);
                                    });
    };
    if (auto const before = find(false); before != quantified_.end())
        return before->holds;
    auto const link = find(true);
    bool const is_new = link == quantified_.end();
    said.holds = is_new ? logic_.fresh_truth("for.every") : link->holds;
    // A link has no object of its own that could be an example of the opposite.
    if (is_new || said.links == 0)
        quantified_.push_back(said);
    if (is_new && said.links < most_meetings)
        tell_by_ways(said, std::move(meetings));
    return said.holds;
}

/// Behind the last place where ways with different memory met, it is what it was on the way that was taken. So what
/// held on each of them is passed on without a look at any object.
void Execution::tell_by_ways(const Quantified& said, std::vector<z3::expr> meetings)
{
    while (!meetings.empty())
    {
        auto const meeting = meetings.back();
        meetings.pop_back();
        std::map<unsigned, bool> known;
        if (!Logic::mentions(said.body, {meeting.id()}, known))
            continue;
        for (bool const taken : {true, false})
        {
            auto on_the_way = said;
            ++on_the_way.links;
            on_the_way.body = logic_.replaced(said.body, meeting, logic_.truth(taken)).simplify();
            fact(z3::implies(taken ? meeting : logic_.negation(meeting), said.holds == truth_of(on_the_way, meetings)));
        }
        return;
    }
}

} // namespace ovm::compiler::verifier
