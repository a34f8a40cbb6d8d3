#pragma once

#include "memory/frames.hpp"

namespace ovm::memory
{

/// Policy: when a VM is given its memory, and in which pages.
class Population
{
public:
    /// All of it before the VM runs, rather than on first touch.
    virtual bool at_start() const = 0;
    /// The largest page to try when memory is given before it is touched; smaller ones are taken where it does not
    /// fit. A touch is always answered with 4 KiB: clearing more would make the crossing too long.
    virtual Page_order preferred() const = 0;

protected:
    ~Population() = default;
};

} // namespace ovm::memory
