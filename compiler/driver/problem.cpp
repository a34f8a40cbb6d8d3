#include "problem.hpp"

#include <nlohmann/json.hpp>

namespace ovm::compiler
{

std::string to_text(const Problem& problem)
{
    std::string place = problem.file.empty() ? "ovmc" : problem.file;
    for (auto const number : {problem.line, problem.column})
    {
        if (number != 0)
            place += ":" + std::to_string(number);
    }
    std::string text = place + ": error: " + problem.what + "\n";
    if (!problem.why.empty())
        text += place + ": note: " + problem.why + (problem.mend.empty() ? "" : "; instead: " + problem.mend) + "\n";
    return text;
}

std::string to_json(const Failure& failure)
{
    nlohmann::ordered_json problems = nlohmann::ordered_json::array();
    for (auto const& each : failure.problems)
        problems.push_back({{"file", each.file},
                            {"line", each.line},
                            {"column", each.column},
                            {"what", each.what},
                            {"why", each.why},
                            {"mend", each.mend}});
    nlohmann::ordered_json const all{{"exit", static_cast<int>(failure.exit)}, {"problems", problems}};
    return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

} // namespace ovm::compiler
