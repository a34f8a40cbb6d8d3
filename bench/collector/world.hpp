#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "object/collector/allocate.hpp"
#include "policy/collection/paced.hpp"

namespace ovm::bench
{

/// Pages in a row of the hosted machine's memory.
class Plain_pages final : public object::Page_source
{
public:
    Plain_pages() { free_.reserve(100'000); } // so that no slice pays for the list's growth

    Result<Host_physical> take(Pages count) override
    {
        if (count == Pages(1) && !free_.empty())
        {
            auto const at = free_.back();
            free_.pop_back();
            return at;
        }
        auto const at = next_.align_up(to_bytes(count));
        next_ = at + to_bytes(count);
        return at;
    }
    void give(Host_physical at, Pages count) override
    {
        if (count == Pages(1))
            free_.push_back(at);
    }
    /// Ever in use at once, or a little more.
    Bytes most() const { return next_ - first; }

private:
    static constexpr Host_physical first{1 << 20};
    Host_physical next_ = first;
    std::vector<Host_physical> free_{};
};

/// Three references and a word: 32 bytes, and 56 with the collector's header.
class Tree_node final : public object::Collected
{
public:
    static constexpr std::string_view type_name = "tree node";
    OVM_TRACE_MAP
    explicit Tree_node(std::uint64_t number) : value(number) {}

    std::array<object::Traced<Tree_node>, 3> links{};
    std::uint64_t value;
};

template <typename T>
class Table final : public object::Root_source
{
public:
    explicit Table(std::size_t size) : slots(size) {}
    std::optional<std::size_t> scan(std::size_t cursor, std::size_t most, object::Root_visitor& visitor) override
    {
        for (; most > 0 && cursor < slots.size(); ++cursor, --most)
            visitor.visit(slots[cursor]);
        if (cursor < slots.size())
            return cursor;
        return {};
    }
    std::vector<object::Traced<T>> slots;
};

/// One core with a heap.
struct World
{
    World()
    {
        arch::hosted::reset(1);
        arch::hosted::become_core(Core_id(0));
        heap.attach();
        collector.open();
        heap.enter();
    }

    Plain_pages pages{};
    policy::Paced_collection policy{};
    object::Collector collector{};
    object::Local_heap heap{collector, Core_id(0), pages, policy};
    object::Quota quota{Bytes{std::uint64_t{8} << 30}};
};

/// The same stream each run.
class Random
{
public:
    std::uint64_t operator()()
    {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_;
    }

private:
    std::uint64_t state_ = 0x9e37'79b9'7f4a'7c15;
};

/// Of the processor, for this thread: what others take on a busy machine does not count.
inline double now_ms()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

inline void figure(const std::string& name, double value)
{
    std::printf("bench: %s %.10g\n", name.c_str(), value);
    std::fflush(stdout);
}

constexpr std::uint64_t graph_size = 1'000'000;

void measure_instructions();
void measure_slices();
/// What both allocators get their memory in.
enum class Pages_of
{
    small, ///< 4 KiB
    large, ///< 2 MiB
};
void measure_throughput(Pages_of memory);
void measure_pauses();

} // namespace ovm::bench

#include "collector/world.generated.hpp"
