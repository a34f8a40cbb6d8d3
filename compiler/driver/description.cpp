#include "description.hpp"

#include <algorithm>
#include <limits>

#include <toml.hpp>

namespace ovm::compiler
{
namespace
{

constexpr std::string_view example = "name = \"my-policy\", version = 1, meaning = \"what it is good for\"";

class Description_reader
{
public:
    Description_reader(const Path& file, const toml::value& table) : file_(file), table_(table) {}

    Done<Module_description> read()
    {
        for (auto const& [key, value] : table_.as_table())
        {
            if (key != "name" && key != "version" && key != "meaning")
                return complain(value, "unknown key '" + key + "'", "there are `name`, `version` and `meaning`",
                                "take it out, or correct its name");
        }
        Module_description result;
        OVM_GET(name, find("name"));
        OVM_GET(version, find("version"));
        OVM_GET(meaning, find("meaning"));
        if (!name->is_string())
            return complain(*name, "`name` is no text", "it is what people type", "write it in quotes");
        if (!meaning->is_string())
            return complain(*meaning, "`meaning` is no text", "it is what people read", "write it in quotes");
        if (!version->is_integer() || version->as_integer() < 1 ||
            version->as_integer() > std::numeric_limits<std::uint32_t>::max())
            return complain(*version, "`version` is no number from 1 to 4294967295",
                            "a newer version replaces an older one, so they are compared", "write version = 1");
        result.name = name->as_string().str;
        result.version = static_cast<std::uint32_t>(version->as_integer());
        result.meaning = meaning->as_string().str;
        return result;
    }

private:
    Done<const toml::value*> find(const std::string& key) const
    {
        auto const& table = table_.as_table();
        auto const found = table.find(key);
        if (found == table.end())
            return fail(Exit::refused, {.file = file_.string(),
                                        .what = "there is no `" + key + "`",
                                        .why = "a module says who it is",
                                        .mend = std::string(example)});
        return &found->second;
    }

    std::unexpected<Failure> complain(const toml::value& where, std::string what, std::string why,
                                      std::string mend) const
    {
        return fail(Exit::refused, {.file = file_.string(),
                                    .line = static_cast<unsigned>(where.location().line()),
                                    .column = static_cast<unsigned>(where.location().column()),
                                    .what = std::move(what),
                                    .why = std::move(why),
                                    .mend = std::move(mend)});
    }

    const Path& file_;
    const toml::value& table_;
};

Done<Module_description> read_description(const Path& file)
{
    try
    {
        auto const table = toml::parse(file.string());
        return Description_reader(file, table).read();
    }
    catch (const toml::syntax_error& error)
    {
        return fail(Exit::refused, {.file = file.string(),
                                    .line = static_cast<unsigned>(error.location().line()),
                                    .column = static_cast<unsigned>(error.location().column()),
                                    .what = "this is no TOML",
                                    .why = "a module's description is three keys",
                                    .mend = std::string(example)});
    }
}

} // namespace

Done<Module_description> read_module_folder(const Path& folder)
{
    Path const file = folder / "module.toml";
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored))
        return fail(Exit::usage, {.file = folder.string(),
                                  .what = "it is no module's folder",
                                  .why = "there is no module.toml in it",
                                  .mend = "give the folder of a module, or make one: ovmc new scheduler NAME"});
    OVM_GET(description, read_description(file));
    description.folder = std::filesystem::canonical(folder, ignored);
    for (auto const& entry : std::filesystem::directory_iterator(description.folder, ignored))
    {
        if (entry.path().extension() == ".cpp")
            description.sources.push_back(entry.path());
        else if (entry.path().extension() == ".hpp")
            description.headers.push_back(entry.path());
    }
    if (description.sources.empty())
        return fail(Exit::refused, {.file = folder.string(),
                                    .what = "the module has no source",
                                    .why = "its sources are the files *.cpp beside module.toml",
                                    .mend = "write one, or start from: ovmc new scheduler NAME"});
    std::ranges::sort(description.sources);
    std::ranges::sort(description.headers);
    return std::move(description);
}

} // namespace ovm::compiler
