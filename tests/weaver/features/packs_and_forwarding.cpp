// expect: > feature::Pile::Pile ( ) < feature::Pile::Pile > feature::total ( ) < feature::total 10
#include <cstdio>
#include <utility>
namespace feature
{
template <typename... Values>
auto total(Values&&... values) noexcept((noexcept(values + 0) && ...))
{
    return (std::forward<Values>(values) + ... + 0);
}
struct Pile
{
    template <typename... Values>
    explicit(sizeof...(Values) == 1) Pile(Values... values) : sum((values + ...))
    {
    }
    int sum;
};
} // namespace feature
int main()
{
    feature::Pile const pile(1, 2, 3);
    int const result = feature::total(pile.sum, 4);
    std::printf("%d\n", result);
}
