#pragma once

#include "base/strong.hpp"
#include "interface/boot/table_writer.hpp"

namespace ovm::interface
{

/// The fixed ACPI description table (ACPI 6.4, section 5.2.9): the power management registers of acpi_tables.hpp.
Table_writer make_fadt(Guest_physical facs, Guest_physical dsdt);

} // namespace ovm::interface
