#pragma once

#include <string>
#include <vector>

#include "files.hpp"

namespace ovm::compiler
{

/// Where the tree that this ovmc was built from stands, and how its tools are called.
struct Tools
{
    Path tree{};      ///< the source root
    Path checker{};   ///< the checker's plugin
    Path weaver{};    ///< the weaver's program
    Path generated{}; ///< what the generator has written for the tree's declarations
    std::string compiler = "clang++-19";
    std::string link_bitcode = "llvm-link-19";
    std::string linker = "ld.lld-19";

    Path headers() const { return tree / "hypervisor"; }
    /// What modules share, each with a copy of its own: held to the same rules as they.
    Path kit() const { return tree / "modules/kit"; }
    Path trusted() const { return headers() / "trusted.txt"; }
    Path imports() const { return tree / "compiler/driver/imports.S"; }
    Path linker_script() const { return tree / "compiler/driver/module.ld"; }
    Path aspects() const { return tree / "aspects"; }
    Path templates() const { return tree / "compiler/driver/template"; }
};

/// A family of policies that modules may provide.
struct Family
{
    std::uint32_t number = 0; ///< object::Family_id
    std::string name{};       ///< its enumerator
    std::string header{};     ///< from hypervisor/
};

const std::vector<Family>& families();

/// What decides on the language and on layouts: of a module, and of an interface's hash.
std::vector<std::string> language_flags(const Tools& tools);
/// language_flags(), the run-time checks, and how code is made.
std::vector<std::string> compile_flags(const Tools& tools);

/// The first line of each tool's answer to `--version`.
Done<std::string> tool_versions(const Tools& tools);

} // namespace ovm::compiler
