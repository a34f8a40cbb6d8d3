// expect: > feature::hidden ( ) < feature::hidden > feature::inner::deep ( ) < feature::inner::deep >
// feature::inner::versioned ( ) < feature::inner::versioned 6
#include <cstdio>
namespace feature
{
namespace
{
int hidden()
{
    return 1;
}
} // namespace
namespace inner
{
int deep()
{
    return 2;
}
inline namespace v1
{
int versioned()
{
    return 3;
}
} // namespace v1
} // namespace inner
} // namespace feature
int main()
{
    int total = feature::hidden();
    total += feature::inner::deep();
    total += feature::inner::versioned();
    std::printf("%d\n", total);
}
