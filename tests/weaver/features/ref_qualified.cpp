// expect: > feature::Text::view ( ) < feature::Text::view > feature::Text::view ( ) < feature::Text::view lvalue rvalue
#include <cstdio>
namespace feature
{
struct Text
{
    const char* view() & { return "lvalue"; }
    const char* view() && { return "rvalue"; }
};
} // namespace feature
int main()
{
    feature::Text text;
    const char* const one = text.view();
    const char* const other = feature::Text{}.view();
    std::printf("%s %s\n", one, other);
}
