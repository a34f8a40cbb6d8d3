#include "launcher/run_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace ovm::launcher
{

Checked<Run_folder> Run_folder::create()
{
    auto const* base = std::getenv("TMPDIR");
    std::string path = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/ovm-XXXXXX";
    if (mkdtemp(path.data()) == nullptr)
        return Failure{path, std::string("cannot make a temporary folder: ") + std::strerror(errno),
                       "set TMPDIR to a folder that can be written"};
    return Run_folder(std::filesystem::absolute(path).string());
}

Run_folder::~Run_folder()
{
    std::error_code error;
    if (!path_.empty() && !kept_)
        std::filesystem::remove_all(path_, error);
}

Checked<std::string> Run_folder::write(std::string_view name, std::string_view bytes) const
{
    auto const path = file(name);
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream stream(path, std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (!stream)
        return Failure{path, std::string("cannot be written: ") + std::strerror(errno),
                       "make room, or set TMPDIR to another folder"};
    return path;
}

} // namespace ovm::launcher
