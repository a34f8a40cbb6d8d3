#pragma once

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "object/collector/collector_fixture.hpp"
#include "object/interleaving.hpp"

namespace ovm::object::test
{

/// What is broken on purpose, to see that it is found.
enum class Sabotage : std::uint8_t
{
    none,
    no_barrier,          ///< stores record nothing
    stack_at_safe_point, ///< crossings go on with what they had loaded before a safe point
    early_sweep,         ///< the mark ends while objects are grey
};

/// Cores that use collected objects: a search of the whole graph tells whether what can be reached is there and what
/// cannot goes in time.
class Collector_play final : public ovm::test::Interleaving, public Mourner
{
public:
    Collector_play(std::uint32_t cores, std::uint64_t seed, Sabotage sabotage)
        : Interleaving(seed), sabotage_(sabotage), cores_(cores, policy_),
          quota_(Bytes{seed % 2 == 0 ? 96 * 1024u : 512u << 10}), players_(cores)
    {
        policy_.owner = this;
    }

    /// Everything is dropped and has to go.
    std::string drain()
    {
        for (std::uint32_t i = 0; i < players_.size(); ++i)
        {
            cores_.become(i);
            players_[i].stack.clear();
            for (auto& slot : cores_.roots[i]->slots)
                slot = nullptr;
            if (players_[i].place != Place::quiescent)
            {
                cores_.heaps[i]->safe_point();
                cores_.heaps[i]->leave();
            }
        }
        for (int i = 0; i < 2; ++i)
        {
            if (!cores_.pass_until(Phase::idle) || !cores_.collect())
                return "a collection does not end";
        }
        if (!alive_.empty())
            return std::to_string(alive_.size()) + " unreachable objects stay";
        return quota_.is_unused() ? "" : "the quota is not given back";
    }

    std::uint64_t collections() { return cores_.collector.step().cycle(); }
    std::uint64_t refusals() const { return refusals_; }
    std::size_t most_reached() const { return most_reached_; }

    void ended(const void* node) override { alive_.erase(static_cast<const Node*>(node)); }

private:
    enum class Place : std::uint8_t
    {
        quiescent,
        between, ///< crossings: the stack is empty
        crossing,
    };

    struct Player
    {
        Place place = Place::quiescent;
        std::vector<Node*> stack{};
    };

    /// Starts whenever it is asked, works as chance will have it.
    struct Random_collection final : Collection_policy
    {
        bool should_start(const Collection_report& report) const override
        {
            return report.tight || report.exhausted || owner->chance(16);
        }
        Work owed(const Collection_report& report) const override
        {
            return Work(1 + owner->below(report.phase == Phase::sweeping ? 400 : owner->chance(4) ? 200 : 20));
        }
        Work longest_slice() const override { return Work(400); }
        Collector_play* owner = nullptr;
    };

    void step() override
    {
        auto const core = static_cast<std::uint32_t>(below(players_.size()));
        auto& player = players_[core];
        auto& heap = cores_.become(core);
        switch (player.place)
        {
        case Place::quiescent:
            heap.enter();
            player.place = Place::crossing;
            break;
        case Place::between:
            if (chance(3))
                return sabotaged_slice(heap);
            if (chance(2))
            {
                heap.leave();
                player.place = Place::quiescent;
            }
            else if (chance(4))
                heap.safe_point();
            else
                player.place = Place::crossing;
            break;
        case Place::crossing:
            if (chance(10))
            {
                if (sabotage_ != Sabotage::stack_at_safe_point)
                    player.stack.clear();
                if (chance(30))
                    heap.request_collection();
                heap.safe_point();
                player.place = Place::between;
            }
            else
                act(core, player, heap);
            break;
        }
    }

    void sabotaged_slice(Local_heap& heap)
    {
        if (sabotage_ == Sabotage::early_sweep && heap.adopted().phase() == Phase::sweeping)
        {
            // As if the last object that was marked had not been: its page does not know of it.
            auto* const object = cores_.roots[below(players_.size())]->slots[below(own_slots)].get();
            if (object == nullptr || !is_alive(object))
                return static_cast<void>(heap.slice());
            auto& page = Heap_page::of(header_of(*object));
            if (auto const slot = page.slot_of(header_of(*object)); page.is_marked(slot, heap.adopted().cycle()))
                page.unmark(slot);
        }
        heap.slice();
    }

    void act(std::uint32_t core, Player& player, Local_heap& heap)
    {
        auto& stack = player.stack;
        switch (below(14))
        {
        case 0:
        case 1:
            allocate_node(stack, heap);
            break;
        case 2:
        case 3: // load from an own root
            push(stack, cores_.roots[core]->slots[below(own_slots)].get());
            break;
        case 4: // load from an object
            if (auto* const from = pick(stack))
                push(stack, from->edge(below(Node::edges)).get());
            break;
        case 5: // store to an object, of any core
        case 6:
            if (auto* const to = pick(stack))
                store(to->edge(below(Node::edges)), chance(8) ? nullptr : pick(stack));
            break;
        case 9: // take what an object refers to
            if (auto* const from = pick(stack))
            {
                auto& field = from->edge(below(Node::edges));
                push(stack, field.get());
                store(field, nullptr);
            }
            break;
        case 10: // store to an own root
            store(cores_.roots[core]->slots[below(own_slots)], chance(20) ? nullptr : pick(stack));
            break;
        case 11: // put a new object before a list, and now and then drop the list
        case 12:
        {
            auto& list = cores_.roots[core]->slots[below(own_slots)];
            allocate_node(stack, heap);
            if (!stack.empty() && is_alive(stack.back()))
            {
                store(stack.back()->others[0], list.get());
                store(list, chance(60) ? nullptr : stack.back());
            }
            break;
        }
        case 13: // take the first of a list
        {
            auto& list = cores_.roots[core]->slots[below(own_slots)];
            if (auto* const first = list.get(); first != nullptr && is_alive(first))
            {
                push(stack, first);
                store(list, first->others[0].get());
            }
            break;
        }
        case 7: // send: the message is a root of its receiver
            if (auto* const what = pick(stack))
                store(cores_.roots[below(players_.size())]->slots[own_slots + below(4)], what);
            break;
        case 8: // receive
        {
            auto& message = cores_.roots[core]->slots[own_slots + below(4)];
            push(stack, message.get());
            store(message, nullptr);
            break;
        }
        }
    }

    void allocate_node(std::vector<Node*>& stack, Local_heap& heap)
    {
        auto made = [&]() -> Result<Node*>
        {
            switch (below(12))
            {
            case 0:
                return OVM_TRY(allocate<Wide_node<30>>(heap, quota_, this));
            case 1:
                return OVM_TRY(allocate<Wide_node<900>>(heap, quota_, this));
            case 2:
                if (chance(8))
                    return OVM_TRY(allocate<Wide_node<5000>>(heap, quota_, this));
                [[fallthrough]];
            default:
                return allocate<Node>(heap, quota_, this);
            }
        }();
        if (!made)
        {
            ++refusals_;
            return;
        }
        alive_[*made] = never;
        if (!chance(3))
            (*made)->first = pick(stack);
        push(stack, *made);
    }

    void store(Traced<Node>& field, Node* value)
    {
        auto& records = arch::core_window().records_deletions;
        auto const recorded = std::exchange(records, records && sabotage_ != Sabotage::no_barrier);
        field = value;
        records = recorded;
    }

    void push(std::vector<Node*>& stack, Node* node)
    {
        if (node == nullptr || !is_alive(node))
            return;
        if (stack.size() < 6)
            stack.push_back(node);
        else
            stack[below(stack.size())] = node;
    }

    Node* pick(const std::vector<Node*>& stack)
    {
        if (stack.empty())
            return nullptr;
        auto* const node = stack[below(stack.size())];
        return is_alive(node) ? node : nullptr;
    }

    /// What a core has in its hands must be there.
    bool is_alive(const Node* node)
    {
        if (alive_.contains(node))
            return true;
        fail("an object that can be reached was freed");
        return false;
    }

    void check() override
    {
        std::vector<Node*> open;
        reached_.clear();
        auto reach = [&](Node* node)
        {
            if (node != nullptr && is_alive(node) && reached_.emplace(node, true).second)
                open.push_back(node);
        };
        for (auto const& player : players_)
        {
            for (auto* const node : player.stack)
                reach(node);
        }
        for (auto const& table : cores_.roots)
        {
            for (auto const& slot : table->slots)
                reach(slot.get());
        }
        while (!open.empty())
        {
            auto* const node = open.back();
            open.pop_back();
            for (std::size_t i = 0; i < Node::edges; ++i)
                reach(node->edge(i).get());
        }
        most_reached_ = std::max(most_reached_, reached_.size());
        auto const step = cores_.collector.step();
        auto const completed = step.phase() == Phase::idle ? step.cycle() : step.cycle() - 1;
        for (auto& [node, unreachable_in] : alive_)
        {
            if (reached_.contains(node))
                continue;
            if (unreachable_in == never)
                unreachable_in = step.cycle();
            else if (completed > unreachable_in)
                fail("an unreachable object stays");
        }
    }

    static constexpr std::size_t own_slots = 28;
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    Sabotage sabotage_;
    Random_collection policy_{};
    std::unordered_map<const Node*, std::uint64_t> alive_{}; ///< and in which collection it was seen to be garbage
    std::unordered_map<const Node*, bool> reached_{};
    Cores cores_;
    Quota quota_;
    std::vector<Player> players_;
    std::uint64_t refusals_ = 0;
    std::size_t most_reached_ = 0;
};

} // namespace ovm::object::test
