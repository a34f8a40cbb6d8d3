#include "launcher/description/loaded_file.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>

#include "launcher/description/text.hpp"

namespace ovm::launcher
{

Checked<Loaded_file> File_loader::load(const std::string& name, const std::string& role, const std::string& where)
{
    namespace fs = std::filesystem;
    std::error_code error;
    auto const status = fs::status(name, error);
    if (!fs::exists(status))
        return Failure{where, role + " " + in_quotes(name) + " does not exist", "check the file's name"};
    if (fs::is_directory(status))
        return Failure{where, role + " " + in_quotes(name) + " is a folder", "name a file"};
    auto const canonical = fs::canonical(name, error);
    auto const key = error ? name : canonical.string();
    if (auto const known = files_.find(key); known != files_.end())
        return Loaded_file{name, known->second};

    std::ifstream stream(name, std::ios::binary | std::ios::ate);
    if (!stream)
        return Failure{where, role + " " + in_quotes(name) + " cannot be read: " + std::strerror(errno),
                       "check its permissions"};
    auto const end = stream.tellg();
    if (end <= 0)
        return Failure{where, role + " " + in_quotes(name) + " is empty", "copy or build it again"};
    auto bytes = std::make_shared<std::string>();
    bytes->resize(static_cast<std::size_t>(end));
    stream.seekg(0);
    stream.read(bytes->data(), end);
    if (stream.gcount() != end)
        return Failure{where, role + " " + in_quotes(name) + " cannot be read to its end", "copy it again"};
    files_[key] = bytes;
    return Loaded_file{name, bytes};
}

} // namespace ovm::launcher
