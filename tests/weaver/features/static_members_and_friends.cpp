// expect: > feature::Counter::next ( ) < feature::Counter::next > feature::peek ( ) < feature::peek >
// feature::Counter::Inner::value ( ) < feature::Counter::Inner::value 1 1 2
#include <cstdio>
namespace feature
{
class Counter
{
public:
    static int next() { return ++count_; }
    friend int peek(Counter const&) { return count_; }
    struct Inner
    {
        int value() const { return count_ + 1; }
    };

private:
    static inline int count_ = 0;
};
} // namespace feature
int main()
{
    int const one = feature::Counter::next();
    int const other = peek(feature::Counter{});
    int const third = feature::Counter::Inner{}.value();
    std::printf("%d %d %d\n", one, other, third);
}
