#include <cstdint>

#include "base/contract.hpp"

/// A constructor that stands outside of its class is one function of two names, one an alias of the other.
class Quota
{
public:
    explicit Quota(std::uint64_t limit);

    std::uint64_t part(std::uint64_t whole) const { return whole / limit_; } // expect: division by zero

private:
    std::uint64_t limit_;
};

Quota::Quota(std::uint64_t limit) : limit_(limit)
{
    OVM_REQUIRES_THAT(limit < 100); // expect: precondition
}

OVM_VERIFIED std::uint64_t divides(std::uint64_t limit) // expect: none
{
    OVM_REQUIRES_THAT(limit > 0 && limit < 100);
    Quota const quota(limit);
    return quota.part(7);
}

OVM_VERIFIED std::uint64_t asks_for_too_much(std::uint64_t limit)
{
    Quota const quota(limit);
    return quota.part(7);
}
