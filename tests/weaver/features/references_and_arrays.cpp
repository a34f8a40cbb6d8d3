// expect: > feature::table ( ) < feature::table > feature::action ( ) < feature::action > feature::twice ( ) <
// feature::twice 8 3
#include <cstdio>
namespace feature
{
int const (&table())[3]
{
    static int const values[3]{1, 2, 3};
    return values;
}
int twice(int value)
{
    return 2 * value;
}
int (*action())(int)
{
    return twice;
}
} // namespace feature
int main()
{
    int const last = feature::table()[2];
    int const result = feature::action()(4);
    std::printf("%d %d\n", result, last);
}
