#pragma once

#include <string_view>

#include "arch/crash.hpp"
#include "arch/processor.hpp"
#include "arch/provoke.hpp"
#include "interface/console/log.hpp"
#include "processor/timer.hpp"

namespace ovm::boot
{

/// Breaks OVM once, half a second after a guest ran on core 0, when its command line says so (`provoke=`), so that
/// tests see what a crash looks like from outside. Concurrency: core 0. Lifetime: for ever.
class Provoked_fault final : private processor::Timer
{
public:
    /// The word that is not for this, but for policies that fail (provoked_policies.hpp).
    static constexpr std::string_view policies = "policies";

    /// An empty word provokes nothing, and so does an unknown one.
    void begin(std::string_view word, processor::Timer_service& timers)
    {
        if (word.empty() || word == policies || !arch::previous_crash().empty())
            return;
        if (word == "contract")
            kind_ = arch::Provocation::contract;
        else if (word == "page-fault")
            kind_ = arch::Provocation::page_fault;
        else if (word == "stack")
            kind_ = arch::Provocation::stack;
        else
            return interface::log("provoke=", word, ": there are contract, page-fault, stack and policies");
        timers_ = &timers;
        arm();
    }

private:
    void arm() { timers_->arm(*this, timers_->now() + arch::to_ticks(Nanoseconds{500'000'000})); }

    void fired(Ticks) override
    {
        bool const before = ran_;
        ran_ = arch::core_window().guest.vm != Vm_id(0);
        if (before)
            arch::provoke(kind_);
        arm();
    }

    arch::Provocation kind_ = arch::Provocation::contract;
    processor::Timer_service* timers_ = nullptr;
    bool ran_ = false; ///< a guest had run half a second ago
};

} // namespace ovm::boot
