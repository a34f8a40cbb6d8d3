#pragma once

#include <memory>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "object/adaptor/adaptor_list.hpp"
#include "object/collector/collector_fixture.hpp"

namespace ovm::test
{

/// A heap of collected objects for each core, found through its window; adaptors that are added are roots. After
/// arch::hosted::reset(), before there are policies. Nothing is collected before open().
/// Concurrency: construction, collect() and the end while no core runs.
class Test_heaps
{
public:
    explicit Test_heaps(std::uint32_t cores, const object::Collection_policy& policy = paced)
    {
        for (std::uint32_t core = 0; core < cores; ++core)
        {
            arch::hosted::become_core(Core_id(core));
            heaps_.push_back(std::make_unique<object::Local_heap>(collector, Core_id(core), pages_, policy));
            heaps_.back()->attach();
        }
        arch::hosted::become_core(Core_id(0));
        heaps_[0]->add(roots);
    }
    ~Test_heaps()
    {
        for (std::uint32_t core = 0; core < heaps_.size(); ++core)
            arch::core_window_of(Core_id(core)).heap = nullptr;
    }
    Test_heaps(const Test_heaps&) = delete;
    Test_heaps& operator=(const Test_heaps&) = delete;

    void open() { collector.open(); }
    /// What was allocated by now is no news any more.
    void settle()
    {
        for (auto& heap : heaps_)
        {
            heap->note_idle(true);
            heap->safe_point();
        }
    }
    object::Local_heap& operator[](std::uint32_t core) { return *heaps_[core]; }

    /// Frees all that nobody refers to, while no core is in a crossing. How many objects are left.
    std::uint64_t collect()
    {
        open();
        for (int collection = 0; collection < 2; ++collection) // one may be under way
        {
            collector.begin();
            for (unsigned round = 0; round < 100'000 && collector.step().phase() != object::Phase::idle; ++round)
                pass(round % static_cast<std::uint32_t>(heaps_.size()));
        }
        std::uint64_t objects = 0;
        for (auto const& heap : heaps_)
            objects += heap->objects();
        return objects;
    }

    object::Collector collector{};
    object::Adaptor_list roots{};

private:
    static constexpr policy::Paced_collection paced{};

    void pass(std::uint32_t core)
    {
        auto const before = arch::this_core();
        arch::hosted::become_core(Core_id(core));
        auto& heap = *heaps_[core];
        heap.enter();
        heap.safe_point();
        heap.run_slice(object::Work(1000));
        heap.leave();
        arch::hosted::become_core(before);
    }

    object::test::Fake_pages pages_{100'000, Host_physical(std::uint64_t{15} << 30)};
    std::vector<std::unique_ptr<object::Local_heap>> heaps_{};
};

} // namespace ovm::test
