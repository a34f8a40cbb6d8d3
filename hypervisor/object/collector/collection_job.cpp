#include "object/collector/collection_job.hpp"

namespace ovm::object
{

Job::Step Collection_job::step()
{
    heap_->safe_point(); // the crossing holds no reference between two things that it does
    if (heap_->slice())
        return Step::at_once; // who allocates pays, before a guest runs
    return heap_->wants_slice() ? Step::again : Step::wait;
}

} // namespace ovm::object
