#include "object/heap/owned.hpp"

#include "arch/injection.hpp"

namespace ovm::object
{

Block_loan::Block_loan(Storage& storage, Storage::Block block, std::size_t size)
    : storage_(storage), block_(block), size_(size)
{
    arch::injection_point("make: before a constructor");
}

void Block_loan::undo()
{
    storage_.release(block_, size_);
}

} // namespace ovm::object
