#pragma once

#include <cstdint>

#include "base/contract.hpp"
#include "processor/schedulable.hpp"

namespace ovm::processor
{

/// The vcpus that live on one core, runnable or not: the core's own list, from which a scheduler is made anew when a
/// policy is swapped or has failed.
/// Concurrency: its core only.
class Residents
{
public:
    class Iterator
    {
    public:
        Iterator(Schedulable* at, std::uint32_t left) : at_(at), left_(left) {}
        Schedulable& operator*() const { return *at_; }
        Iterator& operator++()
        {
            // The list has as many as it counts, so who walks over it gets to its end.
            OVM_GUARANTEED(left_ > 0);
            --left_;
            at_ = at_->next_resident_;
            return *this;
        }
        bool operator==(const Iterator& other) const { return at_ == other.at_; }

    private:
        Schedulable* at_;
        std::uint32_t left_;
    };

    Iterator begin() const { return Iterator(first_, count_); }
    Iterator end() const { return Iterator(nullptr, 0); }
    std::uint32_t count() const { return count_; }
    std::uint32_t runnable() const { return runnable_; }

    void add(Schedulable& vcpu)
    {
        OVM_REQUIRES_THAT(!vcpu.resident_);
        vcpu.resident_ = true;
        vcpu.runnable_ = false;
        vcpu.previous_resident_ = nullptr;
        vcpu.next_resident_ = first_;
        if (first_ != nullptr)
            first_->previous_resident_ = &vcpu;
        first_ = &vcpu;
        ++count_;
    }

    void remove(Schedulable& vcpu)
    {
        OVM_REQUIRES_THAT(vcpu.resident_ && !vcpu.runnable_);
        if (vcpu.previous_resident_ != nullptr)
            vcpu.previous_resident_->next_resident_ = vcpu.next_resident_;
        else
            first_ = vcpu.next_resident_;
        if (vcpu.next_resident_ != nullptr)
            vcpu.next_resident_->previous_resident_ = vcpu.previous_resident_;
        vcpu.next_resident_ = vcpu.previous_resident_ = nullptr;
        vcpu.resident_ = false;
        --count_;
    }

    void set_runnable(Schedulable& vcpu, bool runnable)
    {
        OVM_REQUIRES_THAT(vcpu.resident_ && vcpu.runnable_ != runnable);
        vcpu.runnable_ = runnable;
        runnable_ += runnable ? 1 : -1;
    }

private:
    Schedulable* first_ = nullptr;
    std::uint32_t count_ = 0;
    std::uint32_t runnable_ = 0;
};

} // namespace ovm::processor
