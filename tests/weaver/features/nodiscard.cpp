// expect: > feature::check ( ) < feature::check yes
#include <cstdio>
namespace feature
{
[[nodiscard("it may fail")]] [[gnu::noinline]] bool check(int value)
{
    return value > 0;
}
} // namespace feature
int main(int count, char**)
{
    bool const good = feature::check(count);
    std::printf("%s\n", good ? "yes" : "no");
}
