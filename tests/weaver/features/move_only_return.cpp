// expect: > feature::make ( ) < feature::make 3
#include <cstdio>
#include <memory>
namespace feature
{
std::unique_ptr<int> make(std::unique_ptr<int> from)
{
    auto made = std::make_unique<int>(*from + 1);
    return made;
}
} // namespace feature
int main()
{
    auto const made = feature::make(std::make_unique<int>(2));
    std::printf("%d\n", *made);
}
