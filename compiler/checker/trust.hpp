#pragma once

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace ovm::checker
{

/// Where a piece of source stands with regard to the safe subset.
enum class Standing
{
    outside, ///< not the hypervisor's source: system headers, libraries, tests
    trusted, ///< listed, or below hypervisor/arch/
    checked, ///< must obey
};

/// The list of trusted files (`hypervisor/trusted.txt`) and the judgement of paths by it.
///
/// Each line is `PATH  REASON`, relative to the source root; `!PATH  REASON` takes back the trust
/// that a path has by position; a path that ends in `/` is a folder; `#` opens a comment.
/// Everything below `hypervisor/arch/` is trusted by position. The longest matching entry decides.
class Trust final
{
public:
    /// Reads the list. Returns an empty string, or what is wrong with it and where.
    /// An empty `root` means the folder above the one that holds the list.
    [[nodiscard]] std::string read(llvm::StringRef list_path, llvm::StringRef root);

    /// A folder of a module: everything below it is checked, nothing in it can be trusted.
    void add_module(llvm::StringRef folder);

    /// Whether a file belongs to a module.
    [[nodiscard]] bool is_module(llvm::StringRef path) const;

    /// The standing of a file, by any name that the compiler has for it. Judgements are remembered.
    [[nodiscard]] Standing standing_of(llvm::StringRef path);

    /// The path relative to the source root, or the path itself where it is outside.
    [[nodiscard]] std::string relative(llvm::StringRef path) const;

private:
    struct Entry
    {
        std::string path;
        bool trusted = true;
    };

    [[nodiscard]] Standing judge(llvm::StringRef relative_path) const;

    std::string root_;
    std::vector<std::string> modules_; ///< each with a `/` behind it
    std::vector<Entry> entries_;
    llvm::StringMap<Standing> judged_;
};

} // namespace ovm::checker
