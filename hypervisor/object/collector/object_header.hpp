#pragma once

#include <atomic>
#include <cstdint>

#include "object/collector/object_type.hpp"

namespace ovm::object
{

class Quota;

/// What every object of the collector derives from, first and once: where its references point to.
/// Lifetime: from allocate() until a sweep that finds it unreachable; nobody else ends it.
class Collected
{
public:
    Collected(const Collected&) = delete;
    Collected& operator=(const Collected&) = delete;

protected:
    Collected() = default;
    ~Collected() = default;
};

/// What the collector keeps of an object, right before it.
/// Concurrency: written by the owner core before the object is published. What a collection finds out about it is noted
///              in its page.
class Object_header
{
public:
    /// Without a type until it is constructed: a crossing that is discarded half-way leaves nothing to finalise.
    explicit Object_header(Quota& quota) : quota_(&quota) {}

    const Object_type* type() const { return type_; }
    void set_type(const Object_type& type) { type_ = &type; }
    /// Nothing of it is left to finalise.
    void forget_type() { type_ = nullptr; }
    Quota& quota() const { return *quota_; }

private:
    const Object_type* type_ = nullptr;
    Quota* quota_;
};

static_assert(sizeof(Object_header) == 16 && alignof(Object_header) == 8);

inline Object_header& header_of(Collected& object)
{
    return *(reinterpret_cast<Object_header*>(&object) - 1);
}

inline Collected& object_of(Object_header& header)
{
    return *reinterpret_cast<Collected*>(&header + 1);
}

/// The reference at `index` of a run in an object of that type.
inline std::atomic<Collected*>& reference_at(Object_header& header, const Traced_run& run, std::uint32_t index)
{
    return reinterpret_cast<std::atomic<Collected*>*>(reinterpret_cast<std::uint8_t*>(&header + 1) + run.offset)[index];
}

} // namespace ovm::object
