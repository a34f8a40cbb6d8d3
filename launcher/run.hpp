#pragma once

#include "launcher/failure.hpp"
#include "launcher/options.hpp"

namespace ovm::launcher
{

/// Does what the options say; returns the exit status.
Checked<int> run(const Options& options);

} // namespace ovm::launcher
