// expect: > feature::pair ( ) < feature::pair > feature::same ( ) < feature::same > feature::whole ( ) < feature::whole
// 3 4 4
#include <concepts>
#include <cstdio>
#include <utility>
namespace feature
{
auto pair(int value)
{
    return std::pair{value, value + 1};
}
decltype(auto) same(int& value)
{
    return (value);
}
std::integral auto whole(int value)
{
    return value;
}
} // namespace feature
int main()
{
    auto [one, other] = feature::pair(3);
    int& reference = feature::same(other);
    static_cast<void>(reference);
    int const third = feature::whole(other);
    std::printf("%d %d %d\n", one, reference, third);
}
