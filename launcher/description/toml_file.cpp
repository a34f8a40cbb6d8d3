#include "launcher/description/toml_file.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "launcher/description/text.hpp"
#include "launcher/description/toml_parser.hpp"

namespace ovm::launcher
{

namespace
{

/// Reads tables into a request; names FILE:LINE in every failure.
class Description_reader
{
public:
    Description_reader(const std::string& file, const std::string& folder) : file_(file), folder_(folder) {}

    Checked<Machine_request> read(const std::vector<Toml_table>& tables)
    {
        Machine_request machine;
        for (auto const& table : tables)
            OVM_CHECKED(read_table(machine, table));
        return machine;
    }

private:
    std::string place(unsigned line) const { return file_ + ":" + std::to_string(line); }

    Checked<> read_table(Machine_request& machine, const Toml_table& table) const
    {
        auto const where = place(table.line);
        if (table.name.empty() && !table.entries.empty())
        {
            auto const& first = table.entries.front();
            return Failure{place(first.line), in_quotes(first.key) + " stands outside of a table",
                           "put it below [machine] or [[guest]]"};
        }
        if (table.name == "machine")
        {
            if (table.repeated)
                return Failure{where, "there is one machine", "open it by a line [machine], with one bracket"};
            return read_machine(machine, table);
        }
        if (table.name == "guest")
        {
            if (!table.repeated)
                return Failure{where, "'guest' is one table", "open each guest by a line [[guest]], with two brackets"};
            machine.guests.push_back(OVM_CHECKED(read_guest(table)));
            return {};
        }
        if (table.name.empty())
            return {};
        constexpr std::array<std::string_view, 2> names{"machine", "guest"};
        auto const near = nearest(table.name, names);
        return Failure{where, "unknown table " + in_quotes(table.name),
                       near ? "did you mean " + in_quotes(*near) + "?" : "there are [machine] and [[guest]]"};
    }

    Checked<> read_machine(Machine_request& machine, const Toml_table& table) const
    {
        for (auto const& entry : table.entries)
        {
            auto const text = OVM_CHECKED(text_for(entry, machine_keys()));
            OVM_CHECKED(set_machine(machine, entry.key, text, place(entry.line)));
        }
        return {};
    }

    Checked<Guest_request> read_guest(const Toml_table& table) const
    {
        Guest_request guest;
        guest.where = place(table.line);
        for (auto const& entry : table.entries)
        {
            if (entry.key == "modules")
            {
                OVM_CHECKED(read_modules(guest, entry));
                continue;
            }
            if (entry.key == "module")
                return Failure{place(entry.line), "unknown key 'module'", "write modules = [\"FILE TEXT\", ...]"};
            auto const text = OVM_CHECKED(text_for(entry, guest_keys()));
            OVM_CHECKED(set_guest(guest, entry.key, text, place(entry.line), folder_));
        }
        return guest;
    }

    Checked<> read_modules(Guest_request& guest, const Toml_entry& entry) const
    {
        Failure const wrong{place(entry.line), "modules is no list of texts", "write modules = [\"FILE TEXT\", ...]"};
        if (entry.value.kind != Toml_value::Kind::list)
            return wrong;
        for (auto const& module : entry.value.items)
        {
            if (module.kind != Toml_value::Kind::text)
                return wrong;
            OVM_CHECKED(set_guest(guest, "module", module.text, place(module.line), folder_));
        }
        return {};
    }

    /// The entry's text. An unknown key passes whatever its value is, as its name is the mistake to tell.
    Checked<std::string> text_for(const Toml_entry& entry, std::span<const std::string_view> known) const
    {
        bool const plain = entry.value.kind == Toml_value::Kind::text || entry.value.kind == Toml_value::Kind::integer;
        if (!plain && std::ranges::find(known, entry.key) != known.end())
            return Failure{place(entry.line), entry.key + " is neither text nor a whole number",
                           "write it as " + entry.key + " = \"...\" or a number"};
        return entry.value.text;
    }

    const std::string& file_;
    const std::string& folder_;
};

} // namespace

Checked<Machine_request> parse_description(const std::string& text, const std::string& file, const std::string& folder)
{
    auto const tables = OVM_CHECKED(parse_toml(text, file));
    return Description_reader(file, folder).read(tables);
}

Checked<Machine_request> read_description(const std::string& file)
{
    std::error_code error;
    if (!std::filesystem::exists(file, error) || std::filesystem::is_directory(file, error))
        return Failure{file, "there is no such machine description", "give --machine the name of a TOML file"};
    std::ifstream stream(file, std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    if (!stream || text.str().empty())
        return Failure{file, "the machine description is empty or cannot be read",
                       "see docs/reference/machine-description.md for an example"};
    return parse_description(text.str(), file, std::filesystem::path(file).parent_path().string());
}

} // namespace ovm::launcher
