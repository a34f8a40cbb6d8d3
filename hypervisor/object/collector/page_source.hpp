#pragma once

#include "base/result.hpp"
#include "base/strong.hpp"

namespace ovm::object
{

/// Where heaps get their pages from.
/// Concurrency: any core. Failure: Error::no_memory, nothing changed.
class Page_source
{
public:
    /// Pages in a row, a power of two of them, aligned to their size; of undefined content.
    virtual Result<Host_physical> take(Pages count) = 0;
    /// Gives back what take() gave.
    virtual void give(Host_physical at, Pages count) = 0;

protected:
    ~Page_source() = default;
};

} // namespace ovm::object
