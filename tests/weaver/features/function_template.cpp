// expect: > feature::larger ( ) < feature::larger > feature::larger ( ) < feature::larger 7 b
#include <cstdio>
namespace feature
{
template <typename T>
T const& larger(T const& one, T const& other)
{
    if (one < other)
        return other;
    return one;
}
} // namespace feature
int main()
{
    int const number = feature::larger(7, 3);
    char const letter = feature::larger('a', 'b');
    std::printf("%d %c\n", number, letter);
}
