#include "memory/managed.hpp"

/// What a guest's first touch of a page asks, so in one piece.
namespace ovm::memory
{

Result<Host_physical> Managed_frames::allocate_for(Vm_id owner, Page_order order, Node_id near)
{
    Frame_request const request{.order = order, .near = near, .owner = owner, .nodes = pool_.nodes()};
    return policy_.ask([this, &request](Frame_policy& policy) { return pool_.allocate(request, policy); });
}

template class Population::Forwarder<object::Policy_reference<Population>>;

} // namespace ovm::memory
