#include "object/job/job.hpp"

#include <utility>

#include "arch/at_hand.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"
#include "object/local_space.hpp"

namespace ovm::object
{

void Job::queue_here(Job& job)
{
    if (!job.queued_)
        local_space().jobs.add(job);
}

void Job_queue::add(Job& job)
{
    OVM_REQUIRES_THAT(!job.queued_);
    job.queued_ = true;
    job.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &job;
    last_ = &job;
}

bool Job_queue::run_one()
{
    if (first_ == nullptr)
        return false;
    auto& job = *first_;
    first_ = job.next_;
    if (first_ == nullptr)
        last_ = nullptr;
    job.queued_ = false;
    running_ = &job;
    mended_ = std::exchange(job.fault_, {});
    // A job that is done may be gone when step() returns.
    auto const next = [&]
    {
        arch::At_hand const at_hand(arch::core_window(), arch::Fault_domain::job);
        return mended_.kind == arch::Fault::Kind::none ? job.step() : job.faulted(mended_);
    }();
    running_ = nullptr;
    return go_on(job, next);
}

bool Job_queue::go_on(Job& job, Job::Step next)
{
    if (next == Job::Step::done || next == Job::Step::wait)
        return false;
    if (next == Job::Step::again && !job.queued_)
        add(job);
    if (next != Job::Step::at_once || job.queued_)
        return false;
    job.queued_ = true;
    job.next_ = first_;
    first_ = &job;
    if (last_ == nullptr)
        last_ = &job;
    return true;
}

bool Job_queue::discarded(const arch::Fault* its_own)
{
    if (running_ == nullptr)
        return false;
    auto& job = *std::exchange(running_, nullptr);
    if (its_own != nullptr && mended_.kind != arch::Fault::Kind::none)
        return true; // nothing more can be done for it
    job.fault_ = its_own != nullptr ? *its_own : mended_;
    go_on(job, Job::Step::again);
    return true;
}

} // namespace ovm::object
