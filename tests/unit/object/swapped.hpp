#pragma once

#include <array>
#include <string_view>

#include "object/adaptor/factory.hpp"
#include "object/clustered/tally.hpp"

/// A family of policies that count their calls, for both kinds of adaptors.
namespace ovm::test
{

class Swapped
{
public:
    struct State
    {
        std::uint64_t count = 0;
        std::uint32_t lost = 0;
    };

    virtual Result<> add(std::uint64_t amount) = 0;
    virtual Result<std::uint64_t> count() = 0;
    virtual Result<> export_state(State& state) = 0;
    virtual Result<> import_state(State& state) = 0;

protected:
    ~Swapped() = default;
};

class Swapped_gate final : public Swapped
{
public:
    Result<> add(std::uint64_t) override { return Error::busy; }
    Result<std::uint64_t> count() override { return Error::busy; }
    Result<> export_state(State&) override { return Error::busy; }
    Result<> import_state(State&) override { return Error::busy; }
};

class Counting_policy final : public Swapped
{
public:
    Counting_policy(Watch& watch, bool& refuses) : watch_(watch), refuses_(refuses) { watch_.made(this); }
    ~Counting_policy() { watch_.ended(this); }

    Result<> add(std::uint64_t amount) override
    {
        watch_.before_effect();
        count_ += amount;
        watch_.after_effect();
        return {};
    }
    Result<std::uint64_t> count() override { return count_; }
    Result<> export_state(State& state) override
    {
        state.count = count_;
        return {};
    }
    Result<> import_state(State& state) override
    {
        if (refuses_)
            return Error::unsupported;
        count_ = state.count;
        return {};
    }

private:
    Watch& watch_;
    bool& refuses_;
    std::uint64_t count_ = 0;
};

class Counting_factory final : public object::Factory<Swapped>
{
public:
    Counting_factory(Watch& watch) : watch_(watch) {}

    const object::Policy_description& description() const override { return described; }
    Result<object::Made_policy<Swapped>> make(object::Quota& quota, const object::Parameters&) const override
    {
        if (no_memory)
            return Error::no_memory;
        return object::make_policy<Swapped, Counting_policy>(quota, watch_, refuses);
    }

    bool no_memory = false;
    mutable bool refuses = false; ///< every policy that it made, to import
    static constexpr object::Policy_description described{"counting", "counts", {}};

private:
    Watch& watch_;
};

} // namespace ovm::test
