#include "arch/x86_64/nested_table_update.hpp"

namespace ovm::arch
{

template class Basic_nested_table<Direct_entries>;

} // namespace ovm::arch
