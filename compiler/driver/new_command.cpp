#include <cctype>
#include <iostream>

#include <nlohmann/json.hpp>

#include "commands.hpp"

namespace ovm::compiler
{
namespace
{

/// `my-policy` as `My_policy` or `my_policy`.
std::string identifier(const std::string& name, bool is_class)
{
    std::string result;
    for (auto const each : name)
        result += each == '-' ? '_' : each;
    if (is_class)
        result[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(result[0])));
    return result;
}

std::string with(std::string text, const std::string& mark, const std::string& value)
{
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
        text.replace(at, mark.size(), value);
    return text;
}

bool is_module_name(const std::string& name)
{
    if (name.empty() || name.size() > 31 || std::islower(static_cast<unsigned char>(name[0])) == 0 ||
        name.back() == '-')
        return false;
    for (auto const each : name)
    {
        if (!((each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-'))
            return false;
    }
    return true;
}

} // namespace

Done<> make_module_folder(const Tools& tools, const std::string& family, const std::string& name, Output output)
{
    auto const from = tools.templates() / family;
    std::error_code ignored;
    if (!std::filesystem::is_directory(from, ignored))
        return fail(Exit::usage, {.what = "there is no template for '" + family + "'",
                                  .why = "a template is a small module of a family that works",
                                  .mend = "say: ovmc new scheduler NAME"});
    if (!is_module_name(name))
        return fail(Exit::usage,
                    {.what = "'" + name + "' is no name for a module",
                     .why = "names are typed at a console: a-z, 0-9 and `-`, a letter first, no `-` last, at "
                            "most 31 characters",
                     .mend = "choose another name"});
    Path const folder = name;
    if (std::filesystem::exists(folder, ignored))
        return fail(Exit::usage, {.file = folder.string(),
                                  .what = "it exists already",
                                  .why = "nothing of yours is overwritten",
                                  .mend = "choose another name"});
    auto files = nlohmann::ordered_json::array();
    for (auto const& entry : std::filesystem::recursive_directory_iterator(from, ignored))
    {
        if (!entry.is_regular_file(ignored))
            continue;
        auto const relative = with(entry.path().lexically_relative(from).string(), "template", identifier(name, false));
        auto const to = folder / relative;
        std::filesystem::create_directories(to.parent_path(), ignored);
        OVM_GET(text, read_file(entry.path()));
        auto content = with(text, "template-name", name);
        content = with(content, "Template_class", identifier(name, true));
        content = with(content, "template_file", identifier(name, false));
        OVM_DO(write_file(to, content));
        files.push_back(to.string());
    }
    if (output.json)
        output.out << nlohmann::ordered_json{{"exit", 0}, {"folder", folder.string()}, {"files", files}}.dump(2)
                   << "\n";
    else
        output.out << folder.string() << ": a scheduler that works; build it: ovmc build " << folder.string() << "\n";
    return {};
}

} // namespace ovm::compiler
