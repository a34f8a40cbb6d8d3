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
/// Concurrency: colour and link change by one compare-and-swap, on any core: who turns the colour owns the link, so
///              that an object is in one list at most and marking needs no memory. The rest is written by the owner
///              core before the object is published.
class Object_header
{
public:
    /// Without a type until it is constructed: a crossing that is discarded half-way leaves nothing to finalise.
    Object_header(Quota& quota, std::uint64_t colour) : quota_(&quota), word_(colour) {}

    const Object_type* type() const { return type_; }
    void set_type(const Object_type& type) { type_ = &type; }
    /// Nothing of it is left to finalise.
    void forget_type() { type_ = nullptr; }
    Quota& quota() const { return *quota_; }

    bool has_colour(std::uint64_t colour) const { return (word_.load(std::memory_order_acquire) & 1) == colour; }
    /// Gives it the colour, and `next` as its successor in the list that it joins. False when it had the colour.
    bool claim(std::uint64_t colour, Object_header* next)
    {
        auto word = word_.load(std::memory_order_relaxed);
        return (word & 1) != colour &&
               word_.compare_exchange_strong(word, reinterpret_cast<std::uint64_t>(next) | colour,
                                             std::memory_order_acq_rel, std::memory_order_acquire);
    }
    /// The link, by who claimed it.
    Object_header* next() const
    {
        return reinterpret_cast<Object_header*>(word_.load(std::memory_order_relaxed) & ~std::uint64_t{1});
    }
    void set_next(Object_header* next)
    {
        auto const colour = word_.load(std::memory_order_relaxed) & 1;
        word_.store(reinterpret_cast<std::uint64_t>(next) | colour, std::memory_order_relaxed);
    }

private:
    const Object_type* type_ = nullptr;
    Quota* quota_;
    std::atomic<std::uint64_t> word_; ///< bit 0: the colour; the others: the next header of a list
};

static_assert(sizeof(Object_header) == 24 && alignof(Object_header) == 8);

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
