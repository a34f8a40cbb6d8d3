#include "trust.hpp"

#include <algorithm>

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

namespace ovm::checker
{
namespace
{

constexpr llvm::StringLiteral source_folder = "hypervisor/";
constexpr llvm::StringLiteral trusted_folder = "hypervisor/arch/";

/// The path without links and dots, so that one file has one name.
std::string real_path(llvm::StringRef path)
{
    llvm::SmallString<256> real;
    if (!llvm::sys::fs::real_path(path, real))
    {
        return std::string(real);
    }
    llvm::SmallString<256> absolute(path);
    llvm::sys::fs::make_absolute(absolute);
    llvm::sys::path::remove_dots(absolute, true);
    return std::string(absolute);
}

} // namespace

std::string Trust::read(llvm::StringRef list_path, llvm::StringRef root)
{
    auto buffer = llvm::MemoryBuffer::getFile(list_path);
    if (!buffer)
    {
        return "cannot read the list of trusted files '" + list_path.str() + "': " + buffer.getError().message();
    }
    const std::string list = real_path(list_path);
    root_ = root.empty() ? llvm::sys::path::parent_path(llvm::sys::path::parent_path(list)).str() : real_path(root);
    root_ += '/';

    entries_.push_back({trusted_folder.str(), true});
    llvm::SmallVector<llvm::StringRef, 64> lines;
    (*buffer)->getBuffer().split(lines, '\n');
    unsigned number = 0;
    for (llvm::StringRef line : lines)
    {
        ++number;
        line = line.trim();
        if (line.empty() || line.starts_with("#"))
        {
            continue;
        }
        const auto [first, rest] = line.split(' ');
        llvm::StringRef path = first;
        const bool taken_back = path.consume_front("!");
        const std::string place = list_path.str() + ":" + std::to_string(number) + ": ";
        if (!path.starts_with(source_folder))
        {
            return place + "'" + path.str() + "' is not a path from the source root (" + source_folder.str() + "...)";
        }
        if (rest.trim().empty())
        {
            return place + "'" + path.str() + "' has no reason; write `PATH  REASON`";
        }
        if (path.ends_with("/") && !taken_back)
        {
            return place + "'" + path.str() + "' is a folder; trust is given file by file";
        }
        entries_.push_back({path.str(), !taken_back});
    }
    return {};
}

void Trust::add_module(llvm::StringRef folder)
{
    modules_.push_back(real_path(folder) + '/');
}

bool Trust::is_module(llvm::StringRef path) const
{
    const std::string real = real_path(path);
    return std::ranges::any_of(modules_,
                               [&](llvm::StringRef folder) { return llvm::StringRef(real).starts_with(folder); });
}

Standing Trust::standing_of(llvm::StringRef path)
{
    const auto [position, fresh] = judged_.try_emplace(path, Standing::outside);
    if (fresh && is_module(path))
    {
        position->second = Standing::checked;
    }
    else if (fresh)
    {
        const std::string real = real_path(path);
        llvm::StringRef below = real;
        if (below.consume_front(root_))
        {
            position->second = judge(below);
        }
    }
    return position->second;
}

std::string Trust::relative(llvm::StringRef path) const
{
    const std::string real = real_path(path);
    llvm::StringRef below = real;
    below.consume_front(root_);
    return below.str();
}

Standing Trust::judge(llvm::StringRef relative_path) const
{
    if (!relative_path.starts_with(source_folder))
    {
        return Standing::outside;
    }
    size_t longest = 0;
    bool trusted = false;
    for (const Entry& entry : entries_)
    {
        const bool matches = llvm::StringRef(entry.path).ends_with("/") ? relative_path.starts_with(entry.path)
                                                                        : relative_path == entry.path;
        if (matches && entry.path.size() >= longest)
        {
            longest = entry.path.size();
            trusted = entry.trusted;
        }
    }
    return trusted ? Standing::trusted : Standing::checked;
}

} // namespace ovm::checker
