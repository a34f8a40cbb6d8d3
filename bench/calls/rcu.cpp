// As its headers ask of programs that inline the read side: OVM does not link it, only this bench does.
#define _LGPL_SOURCE
#define URCU_INLINE_SMALL_FUNCTIONS
#include <urcu/urcu-memb.h>
#include <urcu/urcu-qsbr.h>

#include "calls/subject.hpp"

namespace ovm::bench
{

namespace
{

Subject* published = nullptr;

} // namespace

void set_up_rcu()
{
    urcu_memb_register_thread();
    published = &the_subject();
}

std::uint64_t call_under_rcu()
{
    urcu_memb_read_lock();
    auto const value = rcu_dereference(published)->value() + 1;
    urcu_memb_read_unlock();
    return value;
}

void set_up_quiescent_rcu()
{
    urcu_qsbr_register_thread();
    published = &the_subject();
}

std::uint64_t call_under_quiescent_rcu()
{
    urcu_qsbr_read_lock();
    auto const value = rcu_dereference(published)->value() + 1;
    urcu_qsbr_read_unlock();
    return value;
}

} // namespace ovm::bench
