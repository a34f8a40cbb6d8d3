#pragma once

#include <cstddef>
#include <optional>

#include "object/collector/traced.hpp"

namespace ovm::object
{

/// Takes the references that a source shows it.
class Root_visitor
{
public:
    virtual void visit(const Traced_reference& reference) = 0;

protected:
    ~Root_visitor() = default;
};

/// References that lie outside of collected objects: an object table, adaptors' slots, jobs, timer queues, messages in
/// flight. A source belongs to one core's heap; the references are stored to like any others, through their barrier, so
/// they need not be visited at one moment.
/// Concurrency: scanned on its core, between crossings, while others may store to the references.
/// Lifetime:    as long as the heap.
class Root_source
{
public:
    /// Shows the references from place `cursor` on, at most `most` > 0 of them (empty ones count). Places are the
    /// source's own and start at 0. Returns where to go on, or nothing at the end. What is added while a scan goes on
    /// need not be shown.
    virtual std::optional<std::size_t> scan(std::size_t cursor, std::size_t most, Root_visitor& visitor) = 0;

protected:
    ~Root_source() = default;
};

} // namespace ovm::object
