#pragma once

#include <expected>
#include <string>
#include <utility>

namespace ovm::launcher
{

/// Something that the person can mend, as one line: where it is, what is wrong, and how to mend it.
struct Failure
{
    std::string where;
    std::string what;
    std::string mend;

    std::string line() const
    {
        return (where.empty() ? std::string() : where + ": ") + what + (mend.empty() ? std::string() : "; " + mend);
    }
};

/// A value or the Failure that prevented it.
template <typename T = void>
class [[nodiscard]] Checked : public std::expected<T, Failure>
{
public:
    using std::expected<T, Failure>::expected;
    Checked(Failure failure) : std::expected<T, Failure>(std::unexpected(std::move(failure))) {}

    /// What OVM_CHECKED evaluates to, once it knows that there is a value.
    T take()
    {
        if constexpr (!std::is_void_v<T>)
            return std::move(**this);
    }
};

} // namespace ovm::launcher

/// The value of a Checked, or a return of its failure to the caller.
#define OVM_CHECKED(expression)                                                                                        \
    ({                                                                                                                 \
        auto ovm_checked = (expression);                                                                               \
        if (!ovm_checked.has_value())                                                                                  \
            return std::move(ovm_checked.error());                                                                     \
        ovm_checked.take();                                                                                            \
    })
