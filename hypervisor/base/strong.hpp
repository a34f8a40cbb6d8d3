#pragma once

#include <compare>
#include <cstdint>

namespace ovm
{

/// A number with a meaning: no conversion to another meaning, nor from a bare integer without saying so.
/// `Tag` names the meaning; `V` is the integer underneath.
template <typename Tag, typename V>
class Strong
{
public:
    using Value = V;

    constexpr Strong() = default;
    constexpr explicit Strong(V value) : value_(value) {}

    constexpr V value() const { return value_; }
    constexpr auto operator<=>(const Strong&) const = default;

private:
    V value_ = 0;
};

/// A count that can be added and scaled (bytes, pages, nanoseconds, ticks).
template <typename Tag>
class Quantity : public Strong<Tag, std::uint64_t>
{
public:
    using Strong<Tag, std::uint64_t>::Strong;

    constexpr Quantity operator+(Quantity other) const { return Quantity(this->value() + other.value()); }
    constexpr Quantity operator-(Quantity other) const { return Quantity(this->value() - other.value()); }
    constexpr Quantity operator*(std::uint64_t factor) const { return Quantity(this->value() * factor); }
    constexpr Quantity operator/(std::uint64_t divisor) const { return Quantity(this->value() / divisor); }
    constexpr Quantity& operator+=(Quantity other) { return *this = *this + other; }
    constexpr Quantity& operator-=(Quantity other) { return *this = *this - other; }
};

using Bytes = Quantity<struct Bytes_tag>;
using Pages = Quantity<struct Pages_tag>;             ///< of 4 KiB
using Nanoseconds = Quantity<struct Nanoseconds_tag>; ///< since the machine's start, or a duration
using Ticks = Quantity<struct Ticks_tag>;             ///< of the time-stamp counter

/// No machine runs for so long (48 years at 3 GHz): the sum of a time before it and a duration below it fits.
inline constexpr Ticks end_of_time{std::uint64_t{1} << 62};

/// An address in one address space; it moves by Bytes and differs from its like by Bytes.
template <typename Tag>
class Address : public Strong<Tag, std::uint64_t>
{
public:
    using Strong<Tag, std::uint64_t>::Strong;

    constexpr Address operator+(Bytes offset) const { return Address(this->value() + offset.value()); }
    constexpr Address operator-(Bytes offset) const { return Address(this->value() - offset.value()); }
    constexpr Bytes operator-(Address other) const { return Bytes(this->value() - other.value()); }
    constexpr Address& operator+=(Bytes offset) { return *this = *this + offset; }

    constexpr Address align_down(Bytes to) const { return Address(this->value() & ~(to.value() - 1)); }
    constexpr Address align_up(Bytes to) const { return Address((this->value() + to.value() - 1) & ~(to.value() - 1)); }
    constexpr bool is_aligned(Bytes to) const { return (this->value() & (to.value() - 1)) == 0; }
    constexpr Bytes offset_in(Bytes block) const { return Bytes(this->value() & (block.value() - 1)); }
};

using Host_physical = Address<struct Host_physical_tag>;
using Host_virtual = Address<struct Host_virtual_tag>;
using Guest_physical = Address<struct Guest_physical_tag>;
using Guest_virtual = Address<struct Guest_virtual_tag>;

using Core_id = Strong<struct Core_id_tag, std::uint32_t>;       ///< dense, 0 is the core that booted
using Node_id = Strong<struct Node_id_tag, std::uint32_t>;       ///< dense
using Vm_id = Strong<struct Vm_id_tag, std::uint32_t>;           ///< 1-based, as people count; 0 is OVM itself
using Vcpu_index = Strong<struct Vcpu_index_tag, std::uint32_t>; ///< within its VM, also its APIC id
using Irq_vector = Strong<struct Irq_vector_tag, std::uint8_t>;
using Port = Strong<struct Port_tag, std::uint16_t>;

inline constexpr Bytes page_size{4096};
inline constexpr Bytes large_page_size{2 * 1024 * 1024};
inline constexpr Bytes huge_page_size{1024 * 1024 * 1024};

constexpr Bytes to_bytes(Pages pages)
{
    return Bytes(pages.value() * page_size.value());
}

/// Half-open range [begin, begin + size) in one address space.
template <typename A>
struct Range
{
    A begin{};
    Bytes size{};

    constexpr A end() const { return begin + size; }
    constexpr bool contains(A at) const { return at >= begin && at - begin < size; }
    constexpr bool contains(A at, Bytes length) const
    {
        return at >= begin && at - begin <= size && length <= size - (at - begin);
    }
    constexpr bool overlaps(const Range& other) const { return begin < other.end() && other.begin < end(); }
};

} // namespace ovm
