#include "object/message/message.hpp"

#include "arch/processor.hpp"
#include "object/local_space.hpp"

namespace ovm::object
{

void post(Core_id core, Message& message)
{
    // An inbox is looked at before every entry, so the core itself needs no kick. Another one that is just going to
    // sleep or into its guest meets the kick there, since interrupts are off until then.
    if (local_space(core).inbox.put(message) && arch::this_core() != core)
        arch::kick(core);
}

void forward(Core_id core, Message& message)
{
    local_space(core).inbox.insert(message);
    arch::kick(core);
}

} // namespace ovm::object
