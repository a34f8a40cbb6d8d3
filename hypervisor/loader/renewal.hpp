#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "arch/module_memory.hpp"
#include "arch/processor.hpp"
#include "object/message/message.hpp"

namespace ovm::loader
{

/// Has every core forget what it knows of a module's place, each at the beginning of a crossing.
/// Concurrency: begin() and over() on one core. Lifetime: not ended before it is over.
class Renewal
{
public:
    Renewal()
    {
        for (auto& part : parts_)
            part.whole = this;
    }

    /// Requires over().
    void begin(std::size_t place, Bytes size)
    {
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
            whole->left_.fetch_sub(1, std::memory_order_acq_rel);
        }

        Renewal* whole = nullptr;
    };

    std::size_t place_ = 0;
    Bytes size_{};
    std::atomic<std::uint32_t> left_{0};
    std::array<Part, arch::max_cores> parts_{};
};

} // namespace ovm::loader
