#pragma once

#include <expected>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ovm
{

/// Why an operation did not happen. One list for the whole hypervisor, so that an error travels without translation.
enum class Error : unsigned char
{
    no_memory,    ///< the allocator or quota is exhausted
    invalid,      ///< an argument or input breaks its format
    out_of_range, ///< an address, index or size lies outside of what the object covers
    not_found,    ///< nothing is registered under that name, address or number
    exists,       ///< that name, range or number is taken
    busy,         ///< somebody else is at it; try again
    gone,         ///< the object was destroyed
    unsupported,  ///< the processor or this build does not offer it
    truncated,    ///< the input ends too early
    corrupt,      ///< a checksum or magic number is wrong
    not_present,  ///< no page is mapped there
    denied,       ///< rights or policy forbid it
    full,         ///< a fixed-size container has no place left
    faulted,      ///< the code that was to do it failed, and its crossing was discarded
};

/// The error's name, for logs.
constexpr std::string_view to_text(Error error)
{
    switch (error)
    {
    case Error::no_memory:
        return "no memory";
    case Error::invalid:
        return "invalid";
    case Error::out_of_range:
        return "out of range";
    case Error::not_found:
        return "not found";
    case Error::exists:
        return "exists already";
    case Error::busy:
        return "busy";
    case Error::gone:
        return "gone";
    case Error::unsupported:
        return "unsupported";
    case Error::truncated:
        return "truncated";
    case Error::corrupt:
        return "corrupt";
    case Error::not_present:
        return "not present";
    case Error::denied:
        return "denied";
    case Error::full:
        return "full";
    case Error::faulted:
        return "a fault";
    }
    return "unknown";
}

/// A value or the reason why there is none. Moves only through OVM_TRY or an explicit look.
template <typename T = void>
class [[nodiscard]] Result : public std::expected<T, Error>
{
public:
    using std::expected<T, Error>::expected;
    constexpr Result(Error error) : std::expected<T, Error>(std::unexpected(error)) {}

    /// What OVM_TRY evaluates to, once it knows that there is a value.
    constexpr T take()
    {
        if constexpr (!std::is_void_v<T>)
            return std::move(**this);
    }
};

} // namespace ovm

/// The value of a Result, or a return of its error to the caller.
#define OVM_TRY(expression)                                                                                            \
    ({                                                                                                                 \
        auto ovm_result = (expression);                                                                                \
        if (!ovm_result.has_value())                                                                                   \
            return ovm_result.error();                                                                                 \
        ovm_result.take();                                                                                             \
    })
