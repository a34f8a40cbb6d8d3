#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "memory/frame_pool.hpp"
#include "memory/heap.hpp"
#include "object/clustered/epoch.hpp"
#include "object/local_space.hpp"
#include "object/test_heaps.hpp"
#include "policy/frames/first_touch.hpp"

/// Cores that do nothing but the object floor's work, all on this thread.
namespace ovm::test
{

class Object_fixture : public testing::Test
{
protected:
    explicit Object_fixture(std::uint32_t cores = 3, std::uint32_t nodes = 1)
    {
        arch::hosted::reset(cores, nodes);
        EXPECT_TRUE(pool_.open_node(
            Node_id(0), std::array{Range<Host_physical>{Host_physical(0x100000), Bytes((64u << 20) - 0x100000)}}));
        heaps_.emplace(cores);
        for (std::uint32_t core = 0; core < cores; ++core)
            spaces_.push_back(std::make_unique<object::Local_space>(Core_id(core)));
    }

    void begin_crossing(std::uint32_t core)
    {
        arch::hosted::become_core(Core_id(core));
        (*heaps_)[core].enter();
    }
    void end_crossing(std::uint32_t core)
    {
        arch::hosted::become_core(Core_id(core));
        (*heaps_)[core].leave();
    }
    /// One whole crossing: messages, then a slice of a job.
    void cross(std::uint32_t core)
    {
        begin_crossing(core);
        spaces_[core]->inbox.receive_all();
        spaces_[core]->jobs.run_one();
        end_crossing(core);
    }
    void cross_all(unsigned rounds)
    {
        for (unsigned round = 0; round < rounds; ++round)
        {
            for (std::uint32_t core = 0; core < spaces_.size(); ++core)
                cross(core);
        }
    }

    memory::Frame_pool pool_{};
    policy::First_touch_allocator frames_{pool_};
    memory::Heap heap_{frames_, Node_id(0)};
    std::optional<Test_heaps> heaps_{};
    std::vector<std::unique_ptr<object::Local_space>> spaces_{};
};

} // namespace ovm::test
