#include "glob.hpp"
#include "pointcut.hpp"
#include "sketch.hpp"
#include "weaver.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ovm::compiler
{
namespace
{

namespace fs = std::filesystem;

/// A source and what it includes of the project. System headers (-isystem) are not advised and not read.
class Project_text final
{
public:
    explicit Project_text(const std::vector<std::string>& command)
    {
        for (std::size_t i = 1; i < command.size(); ++i)
        {
            if (command[i] == "-I" && i + 1 < command.size())
            {
                folders_.emplace_back(command[i + 1]);
            }
            else if (command[i].starts_with("-I"))
            {
                folders_.emplace_back(command[i].substr(2));
            }
        }
    }

    [[nodiscard]] Sketch sketch(const fs::path& source)
    {
        Sketch whole;
        std::vector<fs::path> waiting{source};
        while (!waiting.empty())
        {
            const fs::path file = waiting.back();
            waiting.pop_back();
            std::error_code failure;
            if (!seen_.insert(fs::weakly_canonical(file, failure)).second || !fs::is_regular_file(file, failure))
            {
                continue;
            }
            std::ostringstream text;
            text << std::ifstream(file).rdbuf();
            whole.merge(sketch_of(text.view()));
            for (const std::string& name : includes_of(text.view()))
            {
                waiting.push_back(file.parent_path() / name);
                for (const fs::path& folder : folders_)
                {
                    waiting.push_back(folder / name);
                }
            }
        }
        return whole;
    }

private:
    std::vector<fs::path> folders_;
    std::set<fs::path> seen_;
};

} // namespace

bool can_match(const Weaving_request& request)
{
    std::vector<Pointcut> pointcuts;
    std::vector<std::string> introductions;
    for (const std::string& file : request.aspects)
    {
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        for (const char* macro : {"OVM_BEFORE", "OVM_AFTER", "OVM_AROUND"})
        {
            for (const std::string& string : strings_of(text.view(), macro))
            {
                Pointcut_error error;
                auto pointcut = Pointcut::parse(string, error);
                if (!pointcut)
                {
                    return true; // The weaver says what is wrong with it.
                }
                pointcuts.push_back(std::move(*pointcut));
            }
        }
        std::ranges::move(strings_of(text.view(), "OVM_INTRODUCE"), std::back_inserter(introductions));
    }
    const Sketch sketch = Project_text(request.command).sketch(request.source);
    return std::ranges::any_of(pointcuts, [&](const Pointcut& each) { return each.may_match(sketch); }) ||
           std::ranges::any_of(introductions,
                               [&](const std::string& glob)
                               {
                                   return std::ranges::any_of(sketch.classes, [&](const std::string& name)
                                                              { return glob_matches(glob, name); });
                               });
}

} // namespace ovm::compiler
