#pragma once

#include "compiler/signer/signer.hpp"
#include "files.hpp"

namespace ovm::compiler
{

/// As text at a place.
inline std::unexpected<Failure> fail(Exit exit, const Path& file, const signer::Problem& problem)
{
    return fail(exit, {.file = file.string(), .what = problem.what, .why = problem.why, .mend = problem.mend});
}

Done<signer::Private_key> read_private_key(const Path& file);
Done<signer::Public_key> read_public_key(const Path& file);

} // namespace ovm::compiler
