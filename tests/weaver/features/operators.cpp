// expect: > feature::operator+ ( ) < feature::operator+ > feature::Vector::operator[] ( ) < feature::Vector::operator[]
// > feature::Vector::operator() ( ) < feature::Vector::operator() 4 9
#include <array>
#include <compare>
#include <cstdio>
namespace feature
{
struct Vector
{
    std::array<int, 2> values;
    int& operator[](std::size_t index) { return values[index]; }
    int operator()(int factor) const { return values[0] * factor; }
    auto operator<=>(Vector const&) const = default;
};
Vector operator+(Vector const& one, Vector const& other)
{
    return {{one.values[0] + other.values[0], one.values[1] + other.values[1]}};
}
} // namespace feature
int main()
{
    feature::Vector sum = feature::Vector{{1, 2}} + feature::Vector{{2, 2}};
    int const second = sum[1];
    int const product = sum(3);
    std::printf("%d %d\n", second, product);
}
