#pragma once

#include <map>
#include <set>
#include <string>

#include "files.hpp"

namespace ovm::compiler
{

/// What was worked out from files, kept in the user's cache until one of them is another.
class Known_files
{
public:
    struct Entry
    {
        std::string value{};    ///< of one line
        std::set<Path> files{}; ///< absolute
    };

    /// What was kept under that name, if all files that it came from are still as they were.
    std::optional<Entry> recall(const std::string& name);
    /// A cache that cannot be written is none.
    void keep(const std::string& name, const Entry& entry);

private:
    /// Empty if it cannot be read.
    const std::string& digest_of(const Path& file);

    std::map<Path, std::string> digests_{};
};

} // namespace ovm::compiler
