#pragma once

#include "interface/boot/table_writer.hpp"

namespace ovm::interface
{

/// The differentiated system description table: the devices that software cannot find by itself, and S5.
Table_writer make_dsdt();

} // namespace ovm::interface
