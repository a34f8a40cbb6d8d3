// expect: > feature::Square::area ( > feature::Shape::area ( ) < feature::Shape::area ) < feature::Square::area 9
#include <cstdio>
namespace feature
{
struct Shape
{
    virtual int area() const { return 0; }
    virtual void draw() const = 0;

protected:
    ~Shape() = default;
};
struct Square final : Shape
{
    explicit constexpr Square(int of) : side(of) {}
    int area() const override { return Shape::area() + side * side; }
    void draw() const override {}
    int side;
};
} // namespace feature
constinit feature::Square const square(3);
int main()
{
    feature::Shape const& shape = square;
    int const area = shape.area();
    std::printf("%d\n", area);
}
