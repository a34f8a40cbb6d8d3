#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "processor/running_vcpus.hpp"

namespace ovm::test
{

/// Up to a minute.
template <typename Condition>
bool wait_until(Condition condition)
{
    for (unsigned waited = 0; waited < 60'000; ++waited)
    {
        for (unsigned look = 0; look < 100; ++look)
        {
            if (condition())
                return true;
            std::this_thread::yield();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

/// Runs cores 0 to `count` - 1 as threads until it is destroyed.
class Core_threads
{
public:
    Core_threads(Running_vcpus& machine, std::uint32_t count)
    {
        for (std::uint32_t i = 0; i < count; ++i)
        {
            threads_.emplace_back(
                [this, &machine, i]
                {
                    arch::hosted::become_core(Core_id(i));
                    while (!done_.load())
                        machine.core(i).turn();
                });
        }
    }
    ~Core_threads()
    {
        done_ = true;
        for (std::uint32_t i = 0; i < threads_.size(); ++i)
            arch::kick(Core_id(i));
        for (auto& thread : threads_)
            thread.join();
    }
    Core_threads(const Core_threads&) = delete;
    Core_threads& operator=(const Core_threads&) = delete;

    /// In a crossing of that core; returns when it is done.
    void run_on(std::uint32_t core, std::function<void()> work)
    {
        Errand errand(std::move(work));
        object::post(Core_id(core), errand);
        while (!errand.done.load())
            std::this_thread::yield();
    }

private:
    class Errand final : public object::Message
    {
    public:
        explicit Errand(std::function<void()> work) : work_(std::move(work)) {}
        void received() override
        {
            work_();
            done = true;
        }
        std::atomic<bool> done{false};

    private:
        std::function<void()> work_;
    };

    std::atomic<bool> done_{false};
    std::vector<std::thread> threads_{};
};

} // namespace ovm::test
