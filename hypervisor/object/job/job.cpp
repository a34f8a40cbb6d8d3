#include "object/job/job.hpp"

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
    // A job that is done may be gone when step() returns.
    auto const next = job.step();
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

} // namespace ovm::object
