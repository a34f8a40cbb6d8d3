#include "good.hpp"

namespace ovm::modules
{

Result<Ticks> Good::poll(processor::Vcpu_identity, processor::Halt_account&, Ticks)
{
    return Ticks(0);
}

Result<> Good::woke(processor::Vcpu_identity, processor::Halt_account&, Ticks slept, bool)
{
    auto const at = next_ % last_.size();
    last_[at] = slept;
    next_ = at + 1;
    return {};
}

Result<> Good::export_state(processor::Halt_state& state)
{
    state.longest = longest_;
    return {};
}

Result<> Good::import_state(processor::Halt_state& state)
{
    longest_ = state.longest;
    return {};
}

} // namespace ovm::modules

OVM_MODULE(ovm::object::provides<ovm::processor::Halt, ovm::modules::Good>)
