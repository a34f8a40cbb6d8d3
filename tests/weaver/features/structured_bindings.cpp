// expect: > feature::distance ( ) < feature::distance 3
#include <array>
#include <cstdio>
namespace feature
{
int distance(std::array<int, 2> range)
{
    auto const [first, last] = range;
    auto const length = [&] { return last - first; };
    return length();
}
} // namespace feature
int main()
{
    int const result = feature::distance({4, 7});
    std::printf("%d\n", result);
}
