#pragma once

#include "signer.hpp"

namespace ovm::compiler::signer
{

/// Whose signature stands before a body, and whether it is good.
struct Envelope_contents
{
    Public_key key{};
    bool good = false;
};

/// Requires that the file is no shorter than an envelope.
Envelope_contents read_envelope(Bytes_view file);

} // namespace ovm::compiler::signer
