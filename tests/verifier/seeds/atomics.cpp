#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/contract.hpp"

/// Memory that other cores write, too: what is read there may be anything.
struct Node
{
    Node* next = nullptr;
    std::uint64_t value = 0;
};

struct Shared
{
    std::atomic<std::uint64_t> count{0};
    std::atomic<Node*> first{nullptr};
    std::atomic<bool> ready{false};
    std::array<std::uint64_t, 16> items{};
    std::uint64_t own = 0;
};

OVM_VERIFIED std::uint64_t any_item(Shared& shared) // expect: none
{
    return shared.items[shared.count.load(std::memory_order_relaxed) % 16];
}

OVM_VERIFIED std::uint64_t item_of_count(Shared& shared)
{
    return shared.items[shared.count.load(std::memory_order_relaxed)]; // expect: check of the library
}

/// Between two looks another core may have written.
OVM_VERIFIED std::uint64_t looked_twice(Shared& shared)
{
    if (shared.count.load(std::memory_order_relaxed) < 16)
        return shared.items[shared.count.load(std::memory_order_relaxed)]; // expect: check of the library
    return 0;
}

OVM_VERIFIED std::uint64_t looked_once(Shared& shared) // expect: none
{
    auto const count = shared.count.load(std::memory_order_relaxed);
    return count < 16 ? shared.items[count] : 0;
}

OVM_VERIFIED void not_mine_alone(Shared& shared)
{
    shared.count.store(3, std::memory_order_relaxed);
    OVM_ASSERT(shared.count.load(std::memory_order_relaxed) == 3); // expect: assertion
}

/// What is no atomic is not written by others before something is released or acquired.
OVM_VERIFIED void own_stays(Shared& shared) // expect: none
{
    shared.own = 5;
    shared.count.store(3, std::memory_order_relaxed);
    OVM_ASSERT(shared.own == 5);
}

/// Who acquires it may write there at once.
OVM_VERIFIED void own_after_release(Shared& shared)
{
    shared.own = 5;
    shared.count.store(3, std::memory_order_release);
    OVM_ASSERT(shared.own == 5); // expect: assertion
}

OVM_VERIFIED void own_until_release(Shared& shared) // expect: none
{
    shared.own = 5;
    auto const before = shared.own;
    std::uint64_t local = 7;
    auto& same = local;
    shared.count.store(3, std::memory_order_release);
    OVM_ASSERT(before == 5 && same == 7);
}

/// An array stays a local, too, whatever is written to it.
OVM_VERIFIED void local_array_after_release(Shared& shared, std::size_t at) // expect: none
{
    std::array<std::uint64_t, 4> local{1, 2, 3, 4};
    shared.count.fetch_add(1, std::memory_order_acq_rel);
    OVM_ASSERT(at >= local.size() || local[at] == at + 1);
}

OVM_VERIFIED void own_after_adding(Shared& shared)
{
    shared.own = 5;
    shared.count.fetch_xor(1, std::memory_order_release);
    OVM_ASSERT(shared.own == 5); // expect: assertion
}

OVM_VERIFIED void own_after_comparing(Shared& shared)
{
    shared.own = 5;
    std::uint64_t expected = 0;
    static_cast<void>(
        shared.count.compare_exchange_strong(expected, 1, std::memory_order_release, std::memory_order_relaxed));
    OVM_ASSERT(shared.own == 5); // expect: assertion
}

/// Behind a fence that releases each store may be the one that hands over.
OVM_VERIFIED void read_between(Shared& shared)
{
    std::atomic_thread_fence(std::memory_order_release);
    auto const before = shared.own;
    shared.count.store(3, std::memory_order_relaxed);
    OVM_ASSERT(shared.own == before); // expect: assertion
}

OVM_VERIFIED void released_in_turns(Shared& shared)
{
    shared.own = 5;
    for (std::size_t i = 0; i < 16; ++i)
    {
        OVM_ASSERT(shared.own == 5); // expect: assertion
        shared.count.store(i, std::memory_order_release);
    }
}

/// Its callers would rely on what others may write.
OVM_VERIFIED void hand_over(Shared& shared)
{
    shared.ready.store(true, std::memory_order_release); // expect: change of what the contract does not name
}

OVM_CONTRACT void contract_of_hand_over(Shared& shared)
{
    OVM_MODIFIES(shared.ready);
    OVM_RESULT(hand_over(shared));
}

OVM_VERIFIED void own_after_acquire(Shared& shared)
{
    shared.own = 5;
    static_cast<void>(shared.ready.load(std::memory_order_acquire));
    OVM_ASSERT(shared.own == 5); // expect: assertion
}

OVM_VERIFIED void own_after_fence(Shared& shared)
{
    shared.own = 5;
    std::atomic_thread_fence(std::memory_order_acquire);
    OVM_ASSERT(shared.own == 5); // expect: assertion
}

OVM_VERIFIED void own_after_exchange(Shared& shared)
{
    shared.own = 5;
    static_cast<void>(shared.ready.exchange(true, std::memory_order_acq_rel));
    OVM_ASSERT(shared.own == 5); // expect: assertion
}

OVM_VERIFIED std::uint64_t first_unchecked(Shared& shared)
{
    return shared.first.load(std::memory_order_acquire)->value; // expect: null pointer
}

OVM_VERIFIED std::uint64_t first_checked(Shared& shared) // expect: none
{
    auto const* const first = shared.first.load(std::memory_order_acquire);
    return first != nullptr ? first->value : 0;
}

OVM_VERIFIED std::uint64_t take_first(Shared& shared) // expect: none
{
    auto* const first = shared.first.exchange(nullptr, std::memory_order_acquire);
    return first != nullptr ? first->value : 0;
}

OVM_VERIFIED void local_is_published(Shared& shared)
{
    Node node{};
    shared.first.store(&node, std::memory_order_release); // expect: pointer to a local is kept in memory
}

OVM_VERIFIED void added(Shared& shared)
{
    auto const before = shared.count.fetch_add(1, std::memory_order_relaxed);
    OVM_ASSERT(before + 1 != 0); // expect: addition overflows
}

/// Lock-free: it goes on only where another core got on.
OVM_VERIFIED void push(Shared& shared, Node& node) // expect: none
{
    Node* first = shared.first.load(std::memory_order_relaxed);
    do
        node.next = first;
    while (!shared.first.compare_exchange_strong(first, &node, std::memory_order_release, std::memory_order_relaxed));
}

/// A weak one may fail for no reason.
OVM_VERIFIED void push_weakly(Shared& shared, Node& node)
{
    Node* first = shared.first.load(std::memory_order_relaxed);
    do // expect: loop does not end
        node.next = first;
    while (!shared.first.compare_exchange_weak(first, &node, std::memory_order_release, std::memory_order_relaxed));
}

/// It waits for one value, so perhaps for ever.
OVM_VERIFIED void waits(Shared& shared)
{
    auto& ready = shared.ready;
    bool expected = false;
    while (!ready.compare_exchange_strong(expected, true)) // expect: loop does not end
        expected = false;
}

OVM_VERIFIED void spins(Shared& shared)
{
    while (!shared.ready.load(std::memory_order_acquire)) // expect: loop does not end
    {
    }
}

/// What was exchanged is known only if it was.
OVM_VERIFIED void exchanged(Shared& shared)
{
    std::uint64_t expected = 7;
    auto const done = shared.count.compare_exchange_strong(expected, 8, std::memory_order_relaxed);
    OVM_ASSERT(expected == 7 || !done);
    OVM_ASSERT(expected == 7); // expect: assertion
}

/// A turn knows nothing of what an acquiring load before it may have changed.
OVM_VERIFIED void acquired_in_turns(Shared& shared)
{
    shared.own = 5;
    for (std::size_t i = 0; i < 16; ++i)
    {
        OVM_ASSERT(shared.own == 5); // expect: assertion
        shared.items[i] = shared.count.load(std::memory_order_acquire);
    }
}
