// expect: > feature::sum ( ) < feature::sum 6
#include <array>
#include <cstdio>
namespace feature
{
int sum(std::array<int, 3> values)
{
    int total = 0;
    auto add = [&, factor = 1](int value) mutable { total += factor * value; };
    for (int value : values)
        add(value);
    return [total] { return total; }();
}
} // namespace feature
int main()
{
    int const total = feature::sum({1, 2, 3});
    std::printf("%d\n", total);
}
