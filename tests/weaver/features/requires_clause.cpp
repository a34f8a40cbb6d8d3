// expect: > feature::next ( ) < feature::next 4
#include <concepts>
#include <cstdio>
namespace feature
{
template <typename T>
concept Countable = requires(T value) { value + 1; };
template <typename T>
    requires Countable<T> && std::integral<T>
auto next(T value) -> T
{
    return static_cast<T>(value + 1);
}
} // namespace feature
int main()
{
    int const value = feature::next(3);
    std::printf("%d\n", value);
}
