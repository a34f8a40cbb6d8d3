#include "launcher/archive/boot_archive.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <vector>

#include "launcher/archive/cpio_writer.hpp"
#include "launcher/description/kernel_file.hpp"
#include "launcher/description/text.hpp"

namespace ovm::launcher
{

namespace
{

/// The archive's files by content, each under the name that its first user gave it.
class Contents
{
public:
    std::string name(const Loaded_file& file, const std::string& proposed)
    {
        auto const [place, added] = names_.emplace(file.bytes.get(), proposed);
        if (added)
            files_.push_back(file);
        return place->second;
    }

    Checked<> write(Cpio_writer& writer) const
    {
        for (auto const& file : files_)
        {
            if (file.bytes->size() > std::numeric_limits<std::uint32_t>::max())
                return Failure{file.name, "the file is too big for a boot archive", "give a file below 4G"};
            writer.add(names_.at(file.bytes.get()), *file.bytes);
        }
        return {};
    }

private:
    std::map<const std::string*, std::string> names_;
    std::vector<Loaded_file> files_;
};

std::string guest_lines(const Guest& guest, Contents& contents)
{
    std::string const folder = "guests/" + guest.name + "/";
    std::string lines = "vm\n";
    auto const line = [&](std::string_view key, const std::string& value)
    { lines += std::string(key) + (value.empty() ? "" : " ") + value + "\n"; };
    line("name", guest.name);
    line("vcpus", std::to_string(guest.vcpus));
    line("memory", std::to_string(guest.memory));
    line("boot", std::string(to_text(guest.boot)));
    line("kernel", contents.name(guest.kernel, folder + "kernel"));
    if (guest.initrd)
        line("initrd", contents.name(*guest.initrd, folder + "initrd"));
    for (std::size_t i = 0; i < guest.modules.size(); ++i)
    {
        auto const& module = guest.modules[i];
        auto const name = contents.name(module.file, folder + "module" + std::to_string(i + 1));
        line("module", module.text.empty() ? name : name + " " + module.text);
    }
    if (!guest.command_line.empty())
        line("cmdline", guest.command_line);
    if (guest.debug_exit)
        line("debug-exit", std::to_string(*guest.debug_exit));
    line("population", guest.population == Population::lazy ? "lazy" : "eager");
    if (guest.weight != usual_weight)
        line("weight", std::to_string(guest.weight));
    if (guest.budget != 0)
    {
        line("budget", std::to_string(guest.budget));
        line("period", std::to_string(guest.period));
    }
    if (guest.latency != 0)
        line("latency", std::to_string(guest.latency));
    line("end", "");
    return lines;
}

/// Each under its own name, without its folders.
Checked<> add_files(Cpio_writer& writer, const std::string& folder, const std::vector<std::string>& files)
{
    for (auto const& file : files)
    {
        std::ifstream stream(file, std::ios::binary);
        std::string const bytes(std::istreambuf_iterator<char>(stream), {});
        if (!stream.is_open() || stream.bad())
            return Failure{file, "the file cannot be read", "give the name of a file"};
        writer.add(folder + std::filesystem::path(file).filename().string(), bytes);
    }
    return {};
}

} // namespace

Checked<std::string> make_boot_archive(const Machine& machine, const std::string& console_script,
                                       const Site_files& site)
{
    Contents contents;
    std::string text = "ovm-machine 1\n";
    text += machine.on_reset == On_reset::end ? "on-reset end\n" : "on-reset restart\n";
    text += "escape " + std::to_string(machine.escape) + "\n";
    for (auto const& guest : machine.guests)
        text += guest_lines(guest, contents);
    Cpio_writer writer;
    writer.add("machine.conf", text);
    if (!console_script.empty())
        writer.add("console.script", console_script);
    OVM_CHECKED(add_files(writer, "modules/", site.modules));
    OVM_CHECKED(add_files(writer, "keys/", site.keys));
    OVM_CHECKED(contents.write(writer));
    return std::move(writer).finish();
}

} // namespace ovm::launcher
