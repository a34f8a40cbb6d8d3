#include "loader/retirement.hpp"

namespace ovm::loader
{

void Retirement::add(object::Owned<Module> module)
{
    OVM_ASSERT(modules_.push_back(std::move(module)).has_value());
}

object::Job::Step Retirement::step(object::Job& waiter)
{
    switch (phase_)
    {
    case Phase::next:
        grace_.begin();
        phase_ = Phase::first_epoch;
        break;
    case Phase::first_epoch:
        if (!grace_.over())
            break;
        grace_.begin();
        phase_ = Phase::second_epoch;
        break;
    case Phase::second_epoch:
        if (!grace_.over())
            break;
        {
            auto const& module = *modules_.back();
            arch::unmap_module(module.place(), module.size());
            renewal_.begin(module.place(), module.size(), waiter);
        }
        phase_ = Phase::renewal;
        break;
    case Phase::renewal:
        if (!renewal_.over())
            return object::Job::Step::wait;
        modules_.back().reset();
        modules_.pop_back();
        phase_ = Phase::next;
        break;
    }
    return object::Job::Step::again;
}

} // namespace ovm::loader
