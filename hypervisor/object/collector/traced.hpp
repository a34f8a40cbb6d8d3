#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arch/core_window.hpp"
#include "arch/poison.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"
#include "object/collector/object_header.hpp"

namespace ovm::object
{

/// The barrier's slow way, while a mark runs on this core: what is overwritten is marked first.
[[gnu::cold, gnu::noinline]] void store_recording(std::atomic<Collected*>& field, Collected* next);
/// Debug builds count the references of an object under construction, and compare them with its trace map.
void count_reference(const void* field);

/// What the collector sees of a reference.
class Traced_reference
{
public:
    Traced_reference(const Traced_reference&) = delete;
    Traced_reference& operator=(const Traced_reference&) = delete;

    Collected* object() const { return value_.load(std::memory_order_acquire); }

protected:
    explicit Traced_reference(Collected* object) : value_(object)
    {
        if constexpr (arch::poisons)
            count_reference(this);
    }
    ~Traced_reference() = default;

    void store(Collected* next)
    {
        if (arch::core_window().records_deletions) [[unlikely]]
            return store_recording(value_, next);
        value_.store(next, std::memory_order_release);
    }

private:
    std::atomic<Collected*> value_;
};

/// A reference to an object of the collector, in another such object or in a root; it keeps what it refers to.
/// Every store passes the deletion barrier: what was referred to when a mark began is marked before the last reference
/// goes (snapshot at the beginning; Yuasa, 1990).
/// Concurrency: any core, inside a crossing. Two cores that store at the same time: one of them wins.
/// Lifetime:    a root's is set to null before its memory goes: the destructor stores nothing, as a finaliser must not.
template <typename T>
class Traced final : public Traced_reference
{
public:
    Traced() : Traced_reference(nullptr) {}
    /// The first value overwrites nothing and needs no barrier.
    explicit Traced(T* object) : Traced_reference(object) {}

    Traced& operator=(T* next)
    {
        store(next);
        return *this;
    }

    [[clang::annotate("ovm::trusted", "only a T was ever stored")]] T* get() const { return static_cast<T*>(object()); }
    T& operator*() const { return *checked(); }
    T* operator->() const { return checked(); }
    explicit operator bool() const { return object() != nullptr; }

private:
    T* checked() const
    {
        T* const object = get();
        OVM_REQUIRES_THAT(object != nullptr);
        return object;
    }
};

/// How many references a member is: a Traced, or an array of them.
template <typename T>
inline constexpr std::uint32_t traced_count = 0;
template <typename T>
inline constexpr std::uint32_t traced_count<Traced<T>> = 1;
template <typename T, std::size_t N>
inline constexpr std::uint32_t traced_count<std::array<T, N>> = N * traced_count<T>;

template <typename Member>
consteval Traced_run traced_run(std::size_t offset)
{
    static_assert(traced_count<Member> > 0, "a trace map names members of type Traced, or arrays of them");
    static_assert(sizeof(Member) == traced_count<Member> * sizeof(Traced_reference));
    return {static_cast<std::uint32_t>(offset), traced_count<Member>};
}

/// No reference is named twice. With the count, which debug builds compare, it follows that none is missing.
consteval bool names_each_once(std::span<const Traced_run> runs)
{
    for (std::size_t i = 0; i < runs.size(); ++i)
    {
        for (std::size_t j = 0; j < i; ++j)
        {
            if (runs[i].offset < runs[j].offset + runs[j].count * sizeof(Traced_reference) &&
                runs[j].offset < runs[i].offset + runs[i].count * sizeof(Traced_reference))
                return false;
        }
    }
    return true;
}

} // namespace ovm::object

/// In a public part of a class of collected objects: its trace map, every reference that its objects hold, its bases'
/// and its members' too. The generator writes it (base/generate.hpp), and the checker looks whether it names them all.
#define OVM_TRACE_MAP                                                                                                  \
    [[clang::annotate("ovm::trace_map")]] static constexpr std::span<const ::ovm::object::Traced_run> trace_map();

/// One entry of a trace map.
// The offset in a class with bases is what Clang defines it to be; the warning is about other compilers.
#define OVM_TRACED(Class, member)                                                                                      \
    _Pragma("clang diagnostic push")                                                                                   \
        _Pragma("clang diagnostic ignored \"-Winvalid-offsetof\"")::ovm::object::traced_run<decltype(Class::member)>(  \
            __builtin_offsetof(Class, member)) _Pragma("clang diagnostic pop")
