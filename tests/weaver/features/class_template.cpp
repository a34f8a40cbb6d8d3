// expect: > feature::Box::put ( ) < feature::Box::put > feature::Box::get ( ) < feature::Box::get special 5
#include <cstdio>
namespace feature
{
template <typename T>
class Box
{
public:
    void put(T value);
    T get() const { return value_; }

private:
    T value_{};
};
template <typename T>
void Box<T>::put(T value)
{
    value_ = value;
}
} // namespace feature
int main()
{
    feature::Box<int> box;
    box.put(5);
    int const value = box.get();
    std::printf("special %d\n", value);
}
