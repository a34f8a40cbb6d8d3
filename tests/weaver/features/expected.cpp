// expect: > feature::half ( ) < feature::half > feature::half ( ) < feature::half 4 odd
#include <cstdio>
#include <expected>
namespace feature
{
enum class Error
{
    odd,
};
std::expected<int, Error> half(int value)
{
    if (value % 2 != 0)
        return std::unexpected(Error::odd);
    return value / 2;
}
} // namespace feature
int main()
{
    auto const good = feature::half(8);
    auto const bad = feature::half(7);
    std::printf("%d %s\n", *good, bad ? "" : "odd");
}
