#pragma once

#include "arch/core_window.hpp"
#include "base/contract.hpp"
#include "object/collector/local_heap.hpp"
#include "object/job/job.hpp"

namespace ovm::object
{

/// One core's part in collections as a job: its slices come where jobs' slices come, never between an exit and an
/// entry, and an idle core goes on before it halts.
/// Concurrency: its core.
/// Lifetime:    as long as the heap.
/// Failure:     a finaliser that faults costs its slice; the collection goes on.
class Collection_job final : public Job
{
public:
    /// Requires that the core has a heap.
    explicit Collection_job(Core_id core) : heap_(arch::core_window_of(core).heap) {}

    /// A crossing of the core begins, before it loads a reference.
    void enter(bool idle)
    {
        OVM_REQUIRES_THAT(heap_ != nullptr);
        heap_->enter();
        heap_->note_idle(idle);
        if (heap_->wants_slice()) [[unlikely]]
            queue_here(*this);
    }

private:
    Step step() override;
    Step faulted(const arch::Fault&) override { return Step::again; }

    Local_heap* heap_;
};

} // namespace ovm::object
