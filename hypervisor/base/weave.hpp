#pragma once

#include <string_view>
#include <utility>

/// What aspects are written with (docs/reference/aspects.md). An aspect is a struct, its advice are static member
/// functions, each marked with its kind and its pointcut; they become part of what they advise, so what is long in them
/// belongs into a function that they call. Without the weaver all of it is plain C++ that nobody calls.
#define OVM_ASPECT [[clang::annotate("ovm::aspect")]]
/// The aspects, by name, that come after this one where both advise one place: they are nearer to the advised code.
#define OVM_PRECEDES(...) [[clang::annotate("ovm::precedes", __VA_ARGS__)]]
/// Advice, before the first statement of a function, or before a call.
#define OVM_BEFORE(pointcut) [[clang::annotate("ovm::before", pointcut), gnu::always_inline]]
/// Advice, when a function is left or a call came back, on every way out.
#define OVM_AFTER(pointcut) [[clang::annotate("ovm::after", pointcut), gnu::always_inline]]
/// Advice that runs instead, and may call `proceed()`.
#define OVM_AROUND(pointcut) [[clang::annotate("ovm::around", pointcut), gnu::always_inline]]
/// A struct whose members and bases the classes get that the glob names.
#define OVM_INTRODUCE(classes) [[clang::annotate("ovm::introduce", classes)]]
/// A name by which pointcuts find a function, or all functions of a class: `tagged(NAME)`.
#define OVM_TAG(name) [[clang::annotate("ovm::tag", name)]]

namespace ovm::weave
{

/// Where advice was woven in: constants of the advised place. Lifetime: for ever.
struct Join_point
{
    std::string_view function; ///< with its namespaces and classes
    std::string_view file;     ///< without its folder
    unsigned line;
};

/// Runs after-advice when its scope is left. Constant evaluation is not advised.
template <typename Advice>
class After final
{
public:
    constexpr explicit After(Advice advice) : advice_(std::move(advice)) {}
    After(const After&) = delete;
    After& operator=(const After&) = delete;
    [[gnu::always_inline]] constexpr ~After()
    {
        if !consteval
        {
            advice_();
        }
    }

private:
    Advice advice_;
};

} // namespace ovm::weave
