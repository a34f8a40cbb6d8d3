// expect: > feature::scale ( ) < feature::scale > feature::scale ( ) < feature::scale 20 6
#include <cstdio>
namespace feature
{
int scale(int value, int factor = 10);
int scale(int value, int factor)
{
    return value * factor;
}
} // namespace feature
int main()
{
    int const one = feature::scale(2);
    int const other = feature::scale(2, 3);
    std::printf("%d %d\n", one, other);
}
