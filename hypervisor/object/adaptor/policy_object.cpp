#include "object/adaptor/policy_object.hpp"

#include "arch/core_window.hpp"
#include "arch/injection.hpp"

namespace ovm::object
{

Local_heap& heap_for_policy()
{
    auto* const heap = arch::core_window().heap;
    OVM_REQUIRES_THAT(heap != nullptr);
    arch::injection_point("make_policy: before a constructor");
    return *heap;
}

void note_made_policy()
{
    arch::injection_point("make_policy: before it has a slot");
}

} // namespace ovm::object
