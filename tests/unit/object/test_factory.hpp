#pragma once

#include <functional>
#include <string_view>

#include "object/adaptor/factory.hpp"

namespace ovm::test
{

/// Makes policies by a function of the test. The name is constant text.
template <typename Family>
class Test_factory final : public object::Factory<Family>
{
public:
    using Make = std::function<Result<object::Made_policy<Family>>(object::Quota&)>;

    Test_factory(std::string_view name, Make make) : description_{name, "a test's", {}}, make_(std::move(make)) {}
    const object::Policy_description& description() const override { return description_; }
    Result<object::Made_policy<Family>> make(object::Quota& quota, const object::Parameters&) const override
    {
        return make_(quota);
    }

private:
    object::Policy_description description_;
    Make make_;
};

/// One that makes a T.
template <typename Family, typename T, typename... Arguments>
Test_factory<Family> factory_of(std::string_view name, Arguments... arguments)
{
    return {name, [arguments...](object::Quota& quota) { return object::make_policy<Family, T>(quota, arguments...); }};
}

} // namespace ovm::test
