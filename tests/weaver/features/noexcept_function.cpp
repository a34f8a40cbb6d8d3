// expect: > feature::count ( ) < feature::count 1
#include <cstdio>
namespace feature
{
int count(int value) noexcept
{
    return value;
}
static_assert(noexcept(count(1)));
} // namespace feature
int main(int arguments, char**)
{
    int const result = feature::count(arguments);
    std::printf("%d\n", result);
}
