#pragma once

#include <cstdint>

/// What is called in every way that the bench compares. No library's types: one of the ways is compiled with another
/// library than the rest.
namespace ovm::bench
{

class Subject
{
public:
    virtual std::uint64_t value() = 0;

protected:
    ~Subject() = default;
};

/// There is one; it lives for ever.
Subject& the_subject();

// Each way begins with one load of a global, a pointer to the subject or its name, and adds 1 to what the call answers,
// so that none of them ends in a jump. It is set up once, in the process that calls.

void set_up_pointer();
std::uint64_t call_plainly();
void set_up_reference();
std::uint64_t call_through_reference();
void set_up_rcu();
std::uint64_t call_under_rcu();
void set_up_quiescent_rcu();
std::uint64_t call_under_quiescent_rcu();
void set_up_shared_pointer();
std::uint64_t call_by_shared_pointer();

} // namespace ovm::bench
