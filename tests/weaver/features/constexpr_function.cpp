// expect: > feature::twice ( ) < feature::twice 42
#include "base/weave.hpp"
#include <cstdio>
namespace feature
{
constexpr int twice(int value)
{
    return 2 * value;
}
} // namespace feature
static_assert(feature::twice(4) == 8);
int main(int count, char**)
{
    std::printf("%d\n", feature::twice(20 + count));
}
