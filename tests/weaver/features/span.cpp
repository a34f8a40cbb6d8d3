// expect: > feature::first ( ) < feature::first 2
#include <array>
#include <cstdio>
#include <span>
namespace feature
{
std::span<const int> first(std::span<const int> all, std::size_t count)
{
    return all.first(count);
}
} // namespace feature
int main()
{
    std::array<int, 4> const values{1, 2, 3, 4};
    std::size_t const size = feature::first(values, 2).size();
    std::printf("%zu\n", size);
}
