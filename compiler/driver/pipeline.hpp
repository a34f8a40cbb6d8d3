#pragma once

#include <functional>
#include <optional>

#include "compiler/signer/signer.hpp"
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
        unsigned obligations = 0;
    };

    /// Up to the checker.
    Done<> check(const Module_description& module);
    Done<Built> build(const Module_description& module);

private:
    /// What the verifier hands on.
    struct Proof
    {
        Path bitcode{};
        unsigned obligations = 0;
        signer::Digest digest{};
        std::string notes{};
    };

    Done<Path> weave(const Path& source) const;
    Done<Path> compile(const Module_description& module, const Path& source, const Path& output) const;
    Done<Path> compile_all(const Module_description& module, const Path& folder) const;
    Done<Proof> verify(const Path& bitcode) const;
    Done<Path> link(const Path& bitcode, const Path& folder) const;
    Done<> must(const std::vector<std::string>& command, const std::string& step) const;

    Tools tools_;
    Say say_;
};

} // namespace ovm::compiler
