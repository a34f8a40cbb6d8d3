#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "object/collector/allocate.hpp"
#include "policy/collection/paced.hpp"

namespace ovm::object::test
{

/// Pages of the hosted machine's memory, up to a limit.
class Fake_pages final : public Page_source
{
public:
    explicit Fake_pages(std::uint64_t limit = 1'000'000, Host_physical first = Host_physical(1 << 20))
        : left_(limit), next_(first)
    {
    }

    Result<Host_physical> take(Pages count) override
    {
        std::lock_guard const guard(mutex_);
        if (left_ < count.value())
            return Error::no_memory;
        left_ -= count.value();
        taken_ += count.value();
        auto& free = free_[count.value()];
        if (!free.empty())
        {
            auto const at = free.back();
            free.pop_back();
            return at;
        }
        auto const at = next_.align_up(to_bytes(count));
        next_ = at + to_bytes(count);
        return at;
    }
    void give(Host_physical at, Pages count) override
    {
        std::lock_guard const guard(mutex_);
        left_ += count.value();
        taken_ -= count.value();
        free_[count.value()].push_back(at);
    }
    std::uint64_t taken() const { return taken_; }

private:
    std::mutex mutex_{};
    std::uint64_t left_;
    std::uint64_t taken_ = 0;
    Host_physical next_;
    std::map<std::uint64_t, std::vector<Host_physical>> free_{};
};

/// Hears of each node's end.
class Mourner
{
public:
    virtual void ended(const void* node) = 0;

protected:
    ~Mourner() = default;
};

class Node : public Collected
{
public:
    static constexpr std::string_view type_name = "node";
    OVM_TRACE_MAP

    explicit Node(Mourner* mourner = nullptr) : mourner_(mourner) {}
    ~Node()
    {
        if (mourner_ != nullptr)
            mourner_->ended(this);
    }

    Traced<Node>& edge(std::size_t index) { return index == 0 ? first : others[index - 1]; }

    static constexpr std::size_t edges = 3;
    Traced<Node> first{};
    std::uint64_t canary = 0x600d'0b1e'c700'0000;
    std::array<Traced<Node>, 2> others{};

private:
    Mourner* mourner_;
};

/// A node of another size class.
template <std::size_t bytes>
class Wide_node final : public Node
{
public:
    using Node::Node;

private:
    std::array<std::uint8_t, bytes> payload_{};
};

class Root_table final : public Root_source
{
public:
    std::optional<std::size_t> scan(std::size_t cursor, std::size_t most, Root_visitor& visitor) override
    {
        for (; most > 0 && cursor < slots.size(); ++cursor, --most)
            visitor.visit(slots[cursor]);
        if (cursor < slots.size())
            return cursor;
        return {};
    }
    std::array<Traced<Node>, 32> slots{};
};

/// Collects only when asked; slices are of a size that the test says.
class Manual_collection final : public Collection_policy
{
public:
    bool should_start(const Collection_report&) const override { return false; }
    Work owed(const Collection_report&) const override { return Work(units); }
    Work longest_slice() const override { return Work(units); }
    std::uint64_t units = 50;
};

/// Some cores, a heap and a table of roots on each. The calling thread plays them all.
class Cores
{
public:
    explicit Cores(std::uint32_t count, const Collection_policy& policy, std::uint64_t page_limit = 1'000'000)
        : pages(page_limit)
    {
        arch::hosted::reset(count);
        for (std::uint32_t i = 0; i < count; ++i)
        {
            roots.push_back(std::make_unique<Root_table>());
            heaps.push_back(std::make_unique<Local_heap>(collector, Core_id(i), pages, policy));
            heaps.back()->add(*roots.back());
            become(i);
            heaps.back()->attach();
        }
        become(0);
        collector.open();
    }
    ~Cores()
    {
        // The next test's core has no heap until it says so.
        for (std::uint32_t i = 0; i < heaps.size(); ++i)
        {
            become(i);
            arch::core_window().heap = nullptr;
        }
        become(0);
    }

    Local_heap& become(std::uint32_t core)
    {
        arch::hosted::become_core(Core_id(core));
        return *heaps[core];
    }
    /// A whole crossing that does nothing, with a slice.
    void pass(std::uint32_t core, std::uint64_t units = 1'000'000)
    {
        auto& heap = become(core);
        heap.enter();
        heap.safe_point();
        heap.run_slice(Work(units));
        heap.leave();
    }
    /// Each core passes until that phase begins; false when it does not.
    bool pass_until(Phase phase, std::uint64_t units = 1'000'000)
    {
        for (int round = 0; round < 1'000'000; ++round)
        {
            for (std::uint32_t i = 0; i < heaps.size(); ++i)
            {
                if (collector.step().phase() == phase)
                    return true;
                pass(i, units);
            }
        }
        return false;
    }
    bool collect(std::uint64_t units = 1'000'000)
    {
        collector.begin();
        return pass_until(Phase::idle, units);
    }
    Node* make(std::uint32_t core, Quota& quota, Mourner* mourner = nullptr)
    {
        auto made = allocate<Node>(become(core), quota, mourner);
        return made ? *made : nullptr;
    }
    /// A crossing begins on each core.
    void enter_all()
    {
        for (std::uint32_t i = 0; i < heaps.size(); ++i)
            become(i).enter();
    }
    void leave_all()
    {
        for (std::uint32_t i = 0; i < heaps.size(); ++i)
        {
            become(i).safe_point();
            heaps[i]->leave();
        }
    }

    Fake_pages pages;
    Collector collector{};
    std::vector<std::unique_ptr<Root_table>> roots{};
    std::vector<std::unique_ptr<Local_heap>> heaps{};
};

/// Counts ends.
class Counting_mourner final : public Mourner
{
public:
    void ended(const void*) override { ++ends; }
    std::uint64_t ends = 0;
};

} // namespace ovm::object::test

#include "object/collector/collector_fixture.generated.hpp"
