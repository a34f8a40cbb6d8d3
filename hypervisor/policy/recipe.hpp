#pragma once

#include <concepts>
#include <tuple>

#include "object/adaptor/factory.hpp"

namespace ovm::policy
{

/// How a policy is made from what a person gives: its description, and its own parameters from the text ones. What else
/// its constructor and check() need (a pool, a number of cores) comes with the factory.
template <typename R>
concept Recipe = requires(const object::Parameters& given) {
    { R::description } -> std::convertible_to<const object::Policy_description&>;
    { R::parameters(given) } -> std::same_as<typename R::Policy::Parameters>;
};

/// The factory of one policy of a family.
template <typename Family, Recipe R, typename... Context>
class Recipe_factory final : public object::Factory<Family>
{
public:
    explicit Recipe_factory(Context&... context) : context_(context...) {}

    const object::Policy_description& description() const override { return R::description; }

    Result<object::Made_policy<Family>> make(object::Quota& quota, const object::Parameters& given) const override
    {
        auto const parameters = R::parameters(given);
        return std::apply(
            [&](auto&... context) -> Result<object::Made_policy<Family>>
            {
                OVM_TRY(check<typename R::Policy>(parameters, context...));
                return object::make_policy<Family, typename R::Policy>(quota, context..., parameters);
            },
            context_);
    }

private:
    /// Some policies look at their surroundings as well.
    template <typename Policy, typename... Around>
    static Result<> check(const typename Policy::Parameters& parameters, Around&... around)
    {
        if constexpr (requires { Policy::check(parameters, around...); })
            return Policy::check(parameters, around...);
        else
            return Policy::check(parameters);
    }

    std::tuple<Context&...> context_;
};

} // namespace ovm::policy
