#pragma once

#include <atomic>
#include <cstdint>

#include "arch/processor.hpp"
#include "object/clustered/clustered.hpp"
#include "object/clustered/tally_family.hpp"

/// A clustered counter in all its kinds, for tests of the roots.
namespace ovm::test
{

/// Follows what there is, and may end a crossing inside of a call.
class Watch
{
public:
    virtual void made(const void*) { ++alive; }
    virtual void ended(const void*) { --alive; }
    /// A call, or its making of a representative, is about to take effect, or the call has.
    virtual void before_effect() {}
    virtual void after_effect() {}

    std::uint64_t alive = 0;

protected:
    ~Watch() = default;
};

class Quiet_watch final : public Watch
{
};

/// What all tallies share: a count that others may read.
class Count : public object::Representative<Tally>
{
public:
    explicit Count(Watch& watch) : watch_(watch) { watch_.made(this); }
    ~Count() { watch_.ended(this); }

    Result<std::uint64_t> here() override { return value(); }
    void merge_into(State& state) override { state.count += value(); }
    void split_from(State& state, std::uint32_t sharers) override
    {
        auto const share = state.count / sharers;
        state.count -= share;
        count_.store(share, std::memory_order_relaxed);
    }
    std::uint64_t value() const { return count_.load(std::memory_order_relaxed); }
    /// Never two at once.
    void add_alone(std::uint64_t amount) { count_.store(value() + amount, std::memory_order_relaxed); }

protected:
    std::atomic<std::uint64_t> count_{0};

    Watch& watch_;
};

/// Several cores call it.
class Common_count final : public Count
{
public:
    using Count::Count;
    Result<> add(std::uint64_t amount) override
    {
        watch_.before_effect();
        count_.fetch_add(amount, std::memory_order_relaxed);
        watch_.after_effect();
        return {};
    }
};

/// One core calls it.
class Part_count final : public Count
{
public:
    using Count::Count;
    Result<> add(std::uint64_t amount) override
    {
        watch_.before_effect();
        add_alone(amount);
        watch_.after_effect();
        return {};
    }
};

/// Read by one core, written by all.
class Replica_count final : public Count
{
public:
    Replica_count(Watch& watch, object::Clustered<Tally>& root) : Count(watch), root_(root) {}
    Result<> add(std::uint64_t amount) override
    {
        watch_.before_effect();
        root_.write_everywhere([amount](object::Representative<Tally>& each)
                               { static_cast<Count&>(each).add_alone(amount); });
        watch_.after_effect();
        return {};
    }

private:
    object::Clustered<Tally>& root_;
};

class Count_factory final : public object::Representative_factory<Tally>
{
public:
    Count_factory(object::Storage& storage, Watch& watch) : storage_(storage), watch_(watch) {}

    Result<object::Owned<object::Representative<Tally>>> make(object::Kind kind, Node_id node) override
    {
        using Made = object::Owned<object::Representative<Tally>>;
        watch_.before_effect();
        if (made >= most)
            return Error::no_memory;
        ++made;
        last_node = node;
        switch (kind)
        {
        case object::Kind::shared:
        case object::Kind::per_node:
            return Made(OVM_TRY(object::make<Common_count>(storage_, watch_)));
        case object::Kind::partitioned:
            return Made(OVM_TRY(object::make<Part_count>(storage_, watch_)));
        case object::Kind::replicated:
            return Made(OVM_TRY(object::make<Replica_count>(storage_, watch_, *root)));
        }
        return Error::invalid;
    }

    object::Clustered<Tally>* root = nullptr;
    std::uint64_t made = 0;
    std::uint64_t most = ~std::uint64_t{0};
    Node_id last_node{};

private:
    object::Storage& storage_;
    Watch& watch_;
};

inline std::uint64_t total(object::Clustered<Tally>& tally)
{
    return tally.reduce(std::uint64_t{0}, [](std::uint64_t sum, object::Representative<Tally>& each)
                        { return sum + static_cast<Count&>(each).value(); });
}

} // namespace ovm::test
