#include <array>
#include <cstddef>
#include <cstdint>

#include "base/contract.hpp"
#include "object/module/module.hpp"

/// Contracts that stand beside functions: what overrides and callees are bound to, and what callers may rely on.
namespace seed
{

struct Account
{
    std::uint64_t window = 0;
    std::uint64_t count = 0;
};

class Family
{
public:
    virtual std::uint64_t choose(Account& account, std::uint64_t limit) = 0;
    OVM_CONTRACT std::uint64_t contract_of_choose(Account& account, std::uint64_t limit)
    {
        OVM_REQUIRES_THAT(limit > 0);
        OVM_MODIFIES(*this, account);
        auto const before = OVM_OLD(account.count);
        auto const chosen = OVM_RESULT(choose(account, limit));
        OVM_ENSURES(chosen < limit);          // expect: postcondition
        OVM_ENSURES(account.count >= before); // expect: postcondition
        return chosen;
    }
    virtual void look(const Account& account) = 0;
    OVM_CONTRACT void contract_of_look(const Account& account)
    {
        OVM_MODIFIES(*this);
        OVM_RESULT(look(account));
    }

protected:
    ~Family() = default;
};

class Good final : public Family // expect: none
{
public:
    static constexpr ovm::object::Policy_description description{"good", "", {}};
    explicit Good(ovm::object::Values) {}

    std::uint64_t choose(Account& account, std::uint64_t limit) override
    {
        OVM_REQUIRES_THAT(limit != 0);
        if (account.count < 100)
            ++account.count;
        last_ = account.window;
        return account.window % limit;
    }
    void look(const Account& account) override { last_ = account.window; }

private:
    std::uint64_t last_ = 0;
};

class Bad final : public Family
{
public:
    static constexpr ovm::object::Policy_description description{"bad", "", {}};
    explicit Bad(ovm::object::Values) {}

    std::uint64_t choose(Account& account, std::uint64_t limit) override
    {
        OVM_REQUIRES_THAT(limit > 1); // expect: precondition
        account.count = 7;
        return limit < 5 ? 0 : limit;
    }
    void look(const Account& account) override
    {
        if (last_ != nullptr)
            last_->count = account.count; // expect: change of what the contract does not name
    }

private:
    Account* last_ = nullptr;
};

/// A function with a contract of its own knows no more than that says.
class Guarded
{
public:
    OVM_CONTRACT std::uint64_t contract_of_last() { return OVM_RESULT(last()); }
    std::uint64_t last();
    OVM_CLASS_INVARIANT bool invariant() const { return count_ > 0; }

private:
    std::uint64_t count_ = 1;
};

std::uint64_t Guarded::last()
{
    return 10 / count_; // expect: division by zero
}

/// Calls by contract.
class Store
{
public:
    OVM_CONTRACT std::uint64_t contract_of_put(std::size_t at, std::uint64_t value)
    {
        OVM_REQUIRES_THAT(at < 8); // expect: precondition
        OVM_MODIFIES(slots_);
        auto const had = OVM_RESULT(put(at, value));
        OVM_ENSURES(slots_[at] == value && had < 1000);
        return had;
    }
    std::uint64_t put(std::size_t at, std::uint64_t value);

    OVM_CONTRACT void contract_of_clear()
    {
        OVM_MODIFIES(count_);
        OVM_RESULT(clear());
        OVM_ENSURES(count_ == 0);
    }
    void clear();

    OVM_CONTRACT std::uint64_t contract_of_count() const
    {
        OVM_MODIFIES();
        return OVM_RESULT(count());
    }
    std::uint64_t count() const;

    OVM_CONTRACT void contract_of_touch()
    {
        OVM_MODIFIES();
        OVM_RESULT(touch());
    }
    void touch();

    OVM_CONTRACT void contract_of_fill(std::size_t times)
    {
        OVM_RESULT(fill(times));
        OVM_RESULT(fill(times)); // expect: unsupported
    }
    void fill(std::size_t times);

    OVM_CONTRACT void contract_of_spoil(std::size_t at)
    {
        OVM_REQUIRES_THAT(at < 8 && at > 8);
        OVM_RESULT(spoil(at));
    }
    void spoil(std::size_t at);

    OVM_VERIFIED std::uint64_t relies(std::size_t at);
    OVM_VERIFIED void asks_too_much(std::size_t at);
    OVM_VERIFIED void promises_too_little(std::size_t at);
    OVM_VERIFIED void repeats(std::uint32_t times);
    OVM_VERIFIED void repeats_well(std::uint32_t times);
    OVM_VERIFIED std::uint64_t looks_often(std::uint32_t times) const;
    OVM_VERIFIED void looks_and_writes(std::uint32_t times);

private:
    std::array<std::uint64_t, 8> slots_{};
    std::uint64_t count_ = 0;
};

std::uint64_t Store::put(std::size_t at, std::uint64_t value) // expect: none
{
    auto const had = slots_[at];
    slots_[at] = value;
    return had < 1000 ? had : 0;
}

void Store::clear() // expect: none
{
    count_ = 0;
}

std::uint64_t Store::count() const // expect: none
{
    return count_;
}

void Store::touch()
{
    count_ = 1; // expect: change of what the contract does not name
}

void Store::fill(std::size_t times)
{
    count_ = times;
}

/// Nobody can call it.
void Store::spoil(std::size_t at) // expect: vacuity
{
    count_ = at;
}

std::uint64_t Store::relies(std::size_t at) // expect: none
{
    OVM_REQUIRES_THAT(at < 8);
    auto const before = count_;
    auto const had = put(at, 5);
    OVM_ASSERT(slots_[at] == 5 && had + 1 < 2000 && count_ == before);
    return had;
}

void Store::asks_too_much(std::size_t at)
{
    OVM_REQUIRES_THAT(at < 8);
    auto const other = slots_[0];
    put(at, 5);
    OVM_ASSERT(slots_[0] == other); // expect: assertion
}

/// What put() requires is found where its contract says so.
void Store::promises_too_little(std::size_t at)
{
    put(at, 5);
}

void Store::repeats(std::uint32_t times)
{
    slots_[1] = 3;
    for (std::uint32_t i = 0; i < times; ++i)
        clear();
    OVM_ASSERT(count_ == 0); // expect: assertion
}

void Store::repeats_well(std::uint32_t times) // expect: none
{
    slots_[1] = 3;
    count_ = 0;
    for (std::uint32_t i = 0; i < times; ++i)
    {
        OVM_LOOP_INVARIANT(slots_[1] == 3 && count_ == 0);
        clear();
    }
    OVM_ASSERT(count_ == 0 && slots_[1] == 3);
}

/// A call of what changes nothing is none that a loop has to have an invariant for.
std::uint64_t Store::looks_often(std::uint32_t times) const // expect: none
{
    auto const before = slots_[1];
    std::uint64_t seen = 0;
    for (std::uint32_t i = 0; i < times; ++i)
        seen = count();
    OVM_ASSERT(slots_[1] == before);
    return seen;
}

/// But what the loop itself writes it does forget.
void Store::looks_and_writes(std::uint32_t times)
{
    auto const before = slots_[1];
    for (std::uint32_t i = 0; i < times; ++i)
        slots_[1] = count();
    OVM_ASSERT(slots_[1] == before); // expect: assertion
}

/// A local that a call by contract was given is not what it was, unless the contract says so.
struct Boxed
{
    Account inner;
};

OVM_VERIFIED void clear(Boxed& boxed)
{
    boxed.inner.count = 0;
}

OVM_CONTRACT void contract_of_clear(Boxed& boxed)
{
    OVM_RESULT(clear(boxed));
}

OVM_VERIFIED std::uint64_t divides_by_what_is_left()
{
    Boxed boxed{};
    boxed.inner.count = 1;
    clear(boxed);
    return 10 / boxed.inner.count; // expect: division by zero
}

} // namespace seed

template <>
inline constexpr ovm::object::Family_id ovm::object::family_id<seed::Family> = ovm::object::Family_id::scheduler;

OVM_MODULE(ovm::object::provides<seed::Family, seed::Good>, &ovm::object::provides<seed::Family, seed::Bad>)

/// Its body is in another source: what relies on the contract alone is proved, and that somebody has to prove it is
/// said.
struct Elsewhere
{
    std::uint32_t halved(std::uint32_t value); // elsewhere: Elsewhere::halved
    OVM_CONTRACT std::uint32_t contract_of_halved(std::uint32_t value)
    {
        OVM_MODIFIES();
        auto const half = OVM_RESULT(halved(value));
        OVM_ENSURES(half <= value / 2);
        return half;
    }
};

OVM_VERIFIED std::uint32_t doubled_half(Elsewhere& other, std::uint32_t value) // expect: none
{
    auto const half = other.halved(value);
    OVM_ASSERT(half <= value / 2);
    return half * 2;
}
