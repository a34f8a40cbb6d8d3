// With GNU's library: LLVM's has no std::atomic<std::shared_ptr> yet.
#include <atomic>
#include <memory>

#include "calls/subject.hpp"

namespace ovm::bench
{

namespace
{

std::atomic<std::shared_ptr<Subject>> published{};

} // namespace

void set_up_shared_pointer()
{
    published.store(std::shared_ptr<Subject>(&the_subject(), [](Subject*) {}));
}

std::uint64_t call_by_shared_pointer()
{
    return published.load()->value() + 1;
}

} // namespace ovm::bench
