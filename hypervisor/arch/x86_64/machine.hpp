#pragma once

#include "arch/acpi/acpi.hpp"

namespace ovm::arch
{

/// What ACPI said, for the rest of the run.
const Acpi_information& machine_description();

} // namespace ovm::arch
