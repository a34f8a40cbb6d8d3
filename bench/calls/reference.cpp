#include <cstdlib>

#include "arch/hosted/machine.hpp"
#include "calls/subject.hpp"
#include "object/clustered/object_table.hpp"
#include "object/clustered/reference.hpp"

namespace ovm::bench
{

namespace
{

object::Object_table table{};
object::Ref<Subject> published{};

} // namespace

void set_up_reference()
{
    arch::hosted::reset();
    auto const slot = table.take(&the_subject());
    if (!slot)
        std::abort();
    published = object::Ref<Subject>(*slot);
}

std::uint64_t call_through_reference()
{
    return published->value() + 1;
}

} // namespace ovm::bench
