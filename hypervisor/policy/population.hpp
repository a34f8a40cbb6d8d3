#pragma once

#include "memory/population.hpp"

namespace ovm::policy
{

/// At once, in the largest pages: no fault later, no surprise when memory runs short, and fewest translations.
class Eager_population final : public memory::Population
{
public:
    bool at_start() const override { return true; }
    memory::Page_order preferred() const override { return memory::huge_order; }
};

/// A 4 KiB page when it is first touched: VMs that do not use their memory do not take it, and start at once.
class Lazy_population final : public memory::Population
{
public:
    bool at_start() const override { return false; }
    memory::Page_order preferred() const override { return memory::small_order; }
};

} // namespace ovm::policy
