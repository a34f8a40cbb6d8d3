#include "includes.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <sstream>

namespace ovm::compiler
{
namespace
{

struct Line_marker
{
    unsigned line = 0;
    std::string file{};
    bool enters = false;
    bool system = false;
};

/// `# 12 "file" 1 3`, as the preprocessor writes it.
std::optional<Line_marker> marker_in(const std::string& text)
{
    if (!text.starts_with("# "))
        return std::nullopt;
    Line_marker marker;
    auto const* const end = text.data() + text.size();
    auto const number = std::from_chars(text.data() + 2, end, marker.line);
    auto const open = text.find('"');
    if (number.ec != std::errc() || open == std::string::npos)
        return std::nullopt;
    std::size_t at = open + 1;
    for (; at < text.size() && text[at] != '"'; ++at)
    {
        if (text[at] == '\\' && at + 1 < text.size())
            ++at;
        marker.file += text[at];
    }
    for (auto const flag : text.substr(std::min(at + 1, text.size())))
    {
        marker.enters = marker.enters || flag == '1';
        marker.system = marker.system || flag == '3';
    }
    return marker;
}

class Include_check
{
public:
    Include_check(const Tools& tools, const Module_description& module, const std::vector<Interface>& interfaces)
        : headers_(tools.headers()), kit_(tools.kit()), folder_(module.folder)
    {
        for (auto const& interface : interfaces)
            allowed_.insert(interface.files.begin(), interface.files.end());
    }

    /// Of one preprocessed source.
    void look_through(const std::string& text)
    {
        std::istringstream lines(text);
        Path inside;     // the file that this line comes from
        unsigned at = 0; // and where
        for (std::string line; std::getline(lines, line);)
        {
            auto const marker = marker_in(line);
            if (!marker)
            {
                ++at;
                continue;
            }
            Path const file = Path(marker->file).lexically_normal();
            if (marker->enters && is_own(inside) && !is_built_in(file) && !marker->system && !is_allowed(file))
                refuse(inside, at, file);
            inside = file;
            at = marker->line;
        }
    }

    std::vector<Problem> take_problems() { return std::move(problems_); }

private:
    static bool is_below(const Path& file, const Path& folder)
    {
        auto const relative = file.lexically_relative(folder);
        return !relative.empty() && *relative.begin() != "..";
    }
    /// `<built-in>`, `<command line>`: the compiler's own.
    static bool is_built_in(const Path& file) { return file.native().starts_with('<'); }
    /// The module's, and the kit's, which is compiled into it.
    bool is_own(const Path& file) const
    {
        auto const absolute = std::filesystem::absolute(file).lexically_normal();
        return is_below(absolute, folder_) || is_below(absolute, kit_);
    }
    bool is_allowed(const Path& file) const
    {
        return is_own(file) || allowed_.contains(file) || is_below(file, headers_ / "base") ||
               is_below(file, headers_ / "object");
    }

    void refuse(const Path& where, unsigned line, const Path& file)
    {
        auto const name = is_below(file, headers_) ? file.lexically_relative(headers_) : file;
        problems_.push_back(
            {.file = where.string(),
             .line = line,
             .what = "a module may not include \"" + name.string() + "\"",
             .why = "it sees base/, object/, kit/ and the header of the policy that it implements, so that "
                    "the rest of the hypervisor can change without it",
             .mend = "do without, or ask for it in the policy's interface"});
    }

    Path headers_;
    Path kit_;
    Path folder_;
    std::set<Path> allowed_{};
    std::vector<Problem> problems_{};
};

/// Such lines do not reach the preprocessor's output apart from its own.
void find_line_markers(const Path& file, const std::string& text, std::vector<Problem>& problems)
{
    std::istringstream lines(text);
    unsigned number = 0;
    for (std::string line; std::getline(lines, line);)
    {
        ++number;
        auto rest = std::string_view(line);
        auto const skip = [&rest] { rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size())); };
        skip();
        if (!rest.starts_with('#') && !rest.starts_with("%:"))
            continue;
        rest.remove_prefix(rest.starts_with('#') ? 1 : 2);
        skip();
        if (rest.starts_with("line") || (!rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) != 0))
            problems.push_back({.file = file.string(),
                                .line = number,
                                .what = "a line marker",
                                .why = "it says that what follows comes from another file",
                                .mend = "leave it out"});
    }
}

} // namespace

Done<> check_includes(const Tools& tools, const Module_description& module, const std::vector<Interface>& interfaces)
{
    std::vector<Problem> problems;
    for (auto const* const files : {&module.sources, &module.headers})
    {
        for (auto const& file : *files)
        {
            OVM_GET(text, read_file(file));
            find_line_markers(std::filesystem::proximate(file), text, problems);
        }
    }
    if (!problems.empty())
        return std::unexpected(Failure{Exit::refused, std::move(problems), {}});
    Include_check check(tools, module, interfaces);
    for (auto const& source : module.sources)
    {
        std::vector<std::string> command{tools.compiler};
        auto const flags = language_flags(tools);
        command.insert(command.end(), flags.begin(), flags.end());
        command.insert(command.end(), {"-E", std::filesystem::proximate(source).string()});
        OVM_GET(answer, run(command, "."));
        // What does not even preprocess, compilation says better.
        if (answer.status == 0)
            check.look_through(answer.output);
    }
    problems = check.take_problems();
    if (!problems.empty())
        return std::unexpected(Failure{Exit::refused, std::move(problems), {}});
    return {};
}

} // namespace ovm::compiler
