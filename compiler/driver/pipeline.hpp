#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/signer/signer.hpp"
#include "compiler/verifier/verifier.hpp"
#include "description.hpp"
#include "interfaces.hpp"

namespace ovm::compiler
{

/// From a module's folder to the body of its file. Each stage is a library of its own that knows none of the others;
/// this alone knows their order:
///
///     includes -> weaver -> compiler to IR, with the checker -> verifier -> compiler to code, linker -> signer
class Pipeline
{
public:
    using Say = std::function<void(const std::string&)>; ///< a line about how far it is

    Pipeline(Tools tools, Say say) : tools_(std::move(tools)), say_(std::move(say)) {}

    struct Built
    {
        signer::Bytes body{};
        std::string elf{}; ///< what was linked, for debuggers
        unsigned sources = 0;
        unsigned obligations = 0;    ///< proved
        unsigned assumed = 0;        ///< preconditions of the interface: its callers' duty
        unsigned checks_removed = 0; ///< that would run, had they not been proved
        /// Functions of others whose contracts are relied on.
        std::set<std::string> taken_for_granted{};
    };

    /// Up to the checker.
    Done<> check(const Module_description& module);
    /// Up to the verifier, whatever it says.
    Done<verifier::Report> verify(const Module_description& module);
    /// A module of which anything is not proved is refused, unless `unproved`: then nobody tries, all run-time checks
    /// stay in its code, and it says that nothing was proved.
    Done<Built> build(const Module_description& module, bool unproved);

private:
    /// Whether the verifier is told what only it understands.
    enum class For
    {
        verifier,
        execution
    };

    struct Compiled
    {
        Path bitcode{};
        std::vector<Interface> interfaces{}; ///< of all families: what it was compiled against
    };

    Done<Path> weave(const Path& source) const;
    Done<Path> compile(const Module_description& module, const Path& source, const Path& output, For what) const;
    /// Of sources that include what they may.
    Done<Compiled> compile_checked(const Module_description& module, const Path& folder, For what) const;
    Done<Path> compile_all(const Module_description& module, const Path& folder, For what) const;
    Done<verifier::Report> prove(const Module_description& module, const Path& bitcode) const;
    Done<Path> link(const Path& bitcode, const Path& folder) const;
    Done<> must(const std::vector<std::string>& command, const std::string& step) const;

    Tools tools_;
    Say say_;
};

} // namespace ovm::compiler
