#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "arch/module_memory.hpp"
#include "arch/processor.hpp"
#include "object/job/job.hpp"
#include "object/message/message.hpp"

namespace ovm::loader
{

/// Has every core forget what it knows of a module's place, each at the beginning of a crossing.
/// Concurrency: begin() and over() on one core, the waiter's. Lifetime: not ended before it is over.
class Renewal
{
public:
    Renewal()
    {
        for (auto& part : parts_)
            part.whole = this;
    }

    /// Requires over(). When it is again, the waiter is started.
    void begin(std::size_t place, Bytes size, object::Job& waiter)
    {
        waiter_ = &waiter;
        core_ = arch::this_core();
        place_ = place;
        size_ = size;
        left_.store(arch::core_count(), std::memory_order_release);
        for (std::uint32_t core = 0; core < arch::core_count(); ++core)
            object::post(Core_id(core), parts_[core]);
    }
    bool over() const { return left_.load(std::memory_order_acquire) == 0; }

private:
    struct Part final : object::Message
    {
        void received() override
        {
            arch::renew_module(whole->place_, whole->size_);
            auto& waiter = *whole->waiter_;
            auto const core = whole->core_;
            if (whole->left_.fetch_sub(1, std::memory_order_acq_rel) == 1)
                waiter.start(core);
        }

        Renewal* whole = nullptr;
    };

    std::size_t place_ = 0;
    Bytes size_{};
    object::Job* waiter_ = nullptr;
    Core_id core_{0};
    std::atomic<std::uint32_t> left_{0};
    std::array<Part, arch::max_cores> parts_{};
};

} // namespace ovm::loader
