#pragma once

#include "base/strong.hpp"

namespace ovm::processor
{

class Vcpu;

/// What a scheduler sees of a vcpu. The links and the rest of the slice are the scheduler's.
/// Concurrency: its home core only.
class Schedulable
{
public:
    Schedulable(const Schedulable&) = delete;
    Schedulable& operator=(const Schedulable&) = delete;

    struct Place
    {
        Schedulable* next = nullptr;
        Schedulable* previous = nullptr;
        Ticks slice_left{};
        Ticks asleep_since{};
        bool queued = false;
    };

    Place& place() { return place_; }
    /// Who it is; none in tests of schedulers.
    virtual Vcpu* vcpu() { return nullptr; }

protected:
    Schedulable() = default;
    ~Schedulable() = default;

private:
    Place place_{};
};

} // namespace ovm::processor
