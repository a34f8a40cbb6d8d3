#include "diagnostics.hpp"

#include <regex>
#include <sstream>

namespace ovm::compiler
{

std::vector<Problem> read_diagnostics(const std::string& text)
{
    static const std::regex line_form(R"(^([^:]+):(\d+):(\d+): (fatal error|error|note): (.*)$)");
    constexpr std::string_view cure = "; instead: ";
    std::vector<Problem> problems;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
    {
        std::smatch parts;
        if (!std::regex_match(line, parts, line_form))
            continue;
        auto const words = parts[5].str();
        if (parts[4] != "note")
        {
            problems.push_back({.file = parts[1],
                                .line = static_cast<unsigned>(std::stoul(parts[2])),
                                .column = static_cast<unsigned>(std::stoul(parts[3])),
                                .what = words});
            continue;
        }
        if (problems.empty() || !problems.back().why.empty())
            continue;
        auto const end = words.find(cure);
        problems.back().why = words.substr(0, end);
        if (end != std::string::npos)
            problems.back().mend = words.substr(end + cure.size());
    }
    return problems;
}

} // namespace ovm::compiler
