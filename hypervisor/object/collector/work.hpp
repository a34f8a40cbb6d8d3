#pragma once

#include <cstdint>

#include "base/strong.hpp"

namespace ovm::object
{

/// What a slice may do: one unit is a reference looked at, half of an object taken up, or a step of a page's sweep; at
/// most about 50 instructions each (bench/objects).
using Work = Quantity<struct Work_tag>;

/// What is left of a slice's work.
class Budget
{
public:
    explicit Budget(Work work) : left_(work.value()) {}

    bool is_spent() const { return left_ == 0; }
    void spend(std::uint64_t units) { left_ -= units < left_ ? units : left_; }
    std::uint64_t left() const { return left_; }

private:
    std::uint64_t left_;
};

} // namespace ovm::object
