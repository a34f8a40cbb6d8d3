#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "policy/frames/first_touch.hpp"
#include "policy/frames/huge_first.hpp"
#include "policy/frames/interleave.hpp"

namespace ovm::policy
{

/// A machine whose nodes lie 2 GiB apart and have so much memory each, less what their bookkeeping takes.
class Frames_machine
{
public:
    static constexpr Bytes node_distance{std::uint64_t{2} << 30};

    explicit Frames_machine(std::uint32_t nodes, Bytes node_size = node_distance, std::uint32_t cores = 8)
    {
        arch::hosted::reset(cores, nodes);
        for (std::uint32_t node = 0; node < nodes; ++node)
        {
            std::array const range{Range<Host_physical>{begin_of(node), node_size}};
            EXPECT_TRUE(pool.open_node(Node_id(node), range));
        }
    }

    static Host_physical begin_of(std::uint32_t node) { return Host_physical(node_distance.value() * node); }
    static std::uint32_t node_of(Host_physical frame)
    {
        return static_cast<std::uint32_t>(frame.value() / node_distance.value());
    }

    memory::Frame_pool pool;
};

/// Frames as a policy of that kind chooses them.
template <typename Policy>
class Frames_by
{
public:
    explicit Frames_by(memory::Frame_pool& pool, const typename Policy::Parameters& parameters = {})
        : policy_(pool, parameters), frames_(pool, policy_)
    {
    }
    memory::Frame_policy& policy() { return policy_; }
    memory::Frame_allocator& operator*() { return frames_; }
    memory::Frame_allocator* operator->() { return &frames_; }

private:
    Policy policy_;
    memory::Chosen_frames frames_;
};

/// One of each policy, over one pool.
class Frame_policies
{
public:
    static constexpr std::size_t kinds = 3;

    explicit Frame_policies(memory::Frame_pool& pool) : pool_(pool) {}

    /// A new policy of that kind; the one before it is gone.
    memory::Frame_policy& make(std::size_t kind)
    {
        switch (kind)
        {
        case 0:
            return first_touch_.emplace(pool_, First_touch_frames::Parameters{});
        case 1:
            return interleave_.emplace(pool_, Interleave_frames::Parameters{});
        default:
            return huge_first_.emplace(pool_, Huge_first_frames::Parameters{});
        }
    }

private:
    memory::Frame_pool& pool_;
    std::optional<First_touch_frames> first_touch_;
    std::optional<Interleave_frames> interleave_;
    std::optional<Huge_first_frames> huge_first_;
};

/// What a busy machine asks for: mostly single pages, some runs of up to 16, kept for random times.
class Frame_load
{
public:
    Frame_load(memory::Frame_allocator& frames, std::uint32_t nodes, std::uint64_t seed)
        : frames_(frames), nodes_(nodes), random_(seed)
    {
    }
    ~Frame_load()
    {
        for (auto const& block : held_)
            frames_.release(block.at, block.order);
    }
    Frame_load(const Frame_load&) = delete;
    Frame_load& operator=(const Frame_load&) = delete;

    void take_until(Pages pages)
    {
        while (held_pages_ < pages)
            take();
    }
    void give_until(Pages pages)
    {
        while (held_pages_ > pages)
            give();
    }
    void churn(unsigned steps)
    {
        for (unsigned step = 0; step < steps; ++step)
        {
            give();
            take();
        }
    }

private:
    struct Block
    {
        Host_physical at{};
        memory::Page_order order{};

        Pages pages() const { return Pages(std::uint64_t{1} << order.value()); }
    };

    void take()
    {
        memory::Page_order const order(static_cast<std::uint8_t>(random_() % 5 == 0 ? 1 + random_() % 4 : 0));
        auto const frame = frames_.allocate(order, Node_id(static_cast<std::uint32_t>(random_() % nodes_)));
        ASSERT_TRUE(frame);
        held_.push_back({*frame, order});
        held_pages_ += held_.back().pages();
    }
    void give()
    {
        auto& block = held_[random_() % held_.size()];
        frames_.release(block.at, block.order);
        held_pages_ -= block.pages();
        block = held_.back();
        held_.pop_back();
    }

    memory::Frame_allocator& frames_;
    std::uint32_t nodes_;
    std::mt19937_64 random_;
    std::vector<Block> held_;
    Pages held_pages_{0};
};

} // namespace ovm::policy
