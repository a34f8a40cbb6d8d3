#pragma once

#include <map>
#include <memory>
#include <string>

#include "launcher/failure.hpp"

namespace ovm::launcher
{

/// A file's name and its content; copies share the content.
struct Loaded_file
{
    std::string name;
    std::shared_ptr<const std::string> bytes;
};

/// Reads the files that guests name, each one once, however many guests use it.
class File_loader
{
public:
    /// `role` is what the file is for ("kernel"), `where` what names it in the description.
    Checked<Loaded_file> load(const std::string& name, const std::string& role, const std::string& where);

private:
    std::map<std::string, std::shared_ptr<const std::string>> files_; ///< by canonical name
};

} // namespace ovm::launcher
