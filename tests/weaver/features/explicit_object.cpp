// expect: > feature::Chain::add ( ) < feature::Chain::add > feature::Chain::add ( ) < feature::Chain::add 5
#include <cstdio>
#include <utility>
namespace feature
{
struct Chain
{
    int total = 0;
    template <typename Self>
    Self&& add(this Self&& self, int value)
    {
        self.total += value;
        return std::forward<Self>(self);
    }
};
} // namespace feature
int main()
{
    int const total = feature::Chain{}.add(2).add(3).total;
    std::printf("%d\n", total);
}
