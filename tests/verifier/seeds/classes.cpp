#include <array>
#include <cstddef>
#include <cstdint>

#include "base/contract.hpp"
#include "object/module/module.hpp"

/// Policies: their invariants hold after construction and from call to call.
namespace seed
{

class Family
{
public:
    virtual std::uint64_t choose(std::uint64_t value) = 0;
    virtual void put(std::uint64_t value) = 0;

protected:
    ~Family() = default;
};

class Good final : public Family // expect: none
{
public:
    static constexpr ovm::object::Policy_description description{"good", "", {}};
    explicit Good(ovm::object::Values) {}

    std::uint64_t choose(std::uint64_t value) override { return slots_[value % slots_.size()]; }
    void put(std::uint64_t value) override
    {
        slots_[next_] = value % 10;
        next_ = (next_ + 1) % slots_.size();
    }
    OVM_CLASS_INVARIANT bool invariant() const
    {
        return next_ < slots_.size() && OVM_FOR_ALL(i, slots_.size(), slots_[i] < 10);
    }

private:
    std::array<std::uint64_t, 16> slots_{};
    std::size_t next_ = 0;
};

class Bad final : public Family
{
public:
    static constexpr std::array<ovm::object::Parameter, 1> list{{{"start", ovm::object::Unit::number, 0, 0, 15, ""}}};
    static constexpr ovm::object::Policy_description description{"bad", "", list};
    explicit Bad(ovm::object::Values values) : next_(values[0]) {}

    std::uint64_t choose(std::uint64_t value) override
    {
        return value / (next_ - 1); // expect: subtraction overflows
    }
    void put(std::uint64_t value) override // expect: class invariant
    {
        slots_[next_] = value;
        next_ = next_ + 1;
    }
    OVM_CLASS_INVARIANT bool invariant() const { return next_ < slots_.size(); }

private:
    std::array<std::uint64_t, 16> slots_{};
    std::size_t next_ = 0;
};

} // namespace seed

template <>
inline constexpr ovm::object::Family_id ovm::object::family_id<seed::Family> = ovm::object::Family_id::scheduler;

OVM_MODULE(ovm::object::provides<seed::Family, seed::Good>, // expect: class invariant
           &ovm::object::provides<seed::Family, seed::Bad>)
