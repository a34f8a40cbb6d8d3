// expect: > feature::Length::operator bool ( ) < feature::Length::operator bool > feature::Length::operator const char
// * ( ) < feature::Length::operator const char * long
#include <cstdio>
namespace feature
{
struct Length
{
    int value;
    explicit operator bool() const { return value != 0; }
    operator const char*() const { return value > 9 ? "long" : "short"; }
};
} // namespace feature
int main()
{
    feature::Length const length{12};
    if (!length)
        return 1;
    char const* const text = length;
    std::printf("%s\n", text);
}
