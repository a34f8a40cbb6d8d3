#pragma once

#include <iosfwd>
#include <optional>

#include "tools.hpp"

/// What ovmc can be asked for. Each says what it did on `out`, as text or, if `json`, as one object; a failure is the
/// caller's to tell.
namespace ovm::compiler
{

struct Output
{
    std::ostream& out;
    bool json = false;
};

struct Build_request
{
    Path module{};
    std::optional<Path> key{};
    std::optional<Path> file{}; ///< NAME.omod in the present folder, if not given
    bool unproved = false;      ///< without the verifier; not signed then
};
Done<> build(const Tools& tools, const Build_request& request, Output output);
Done<> check(const Tools& tools, const Path& module, Output output);
/// `all`: what was proved, too. A failure if anything was not.
Done<> verify(const Tools& tools, const Path& module, bool all, Output output);

struct Weave_request
{
    Path source{};
    std::vector<std::string> aspects{}; ///< names of those that ship, or files; none: all that ship
    std::optional<Path> file{};         ///< NAME.woven.ii in the present folder, if not given
};
/// Says where aspects advise a source, and keeps the woven source.
Done<> weave(const Tools& tools, const Weave_request& request, Output output);

Done<> sign(const Path& file, const Path& key, const std::optional<Path>& to, Output output);
Done<> inspect(const Path& file, Output output);
Done<> make_key(const Path& name, Output output);
/// Brings a module, or a list of keys, to the machine behind that socket.
Done<> load(const Path& file, const Path& machine, Output output);

struct Key_list_request
{
    Path key{};
    std::uint64_t counter = 0;
    std::vector<Path> add{};
    std::vector<Path> revoke{};
    std::vector<std::string> modules{}; ///< NAME:VERSION
    Path file{};
};
Done<> make_key_list(const Key_list_request& request, Output output);

/// A folder NAME with a module that works, and its test.
Done<> make_module_folder(const Tools& tools, const std::string& family, const std::string& name, Output output);

} // namespace ovm::compiler
