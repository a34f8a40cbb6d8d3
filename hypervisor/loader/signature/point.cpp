#include "loader/signature/point.hpp"

namespace ovm::loader
{
namespace
{

constexpr Field one{1};
constexpr Field d{Field::Words{0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898, 0x52036cee2b6ffe73}};
constexpr Field d_twice{Field::Words{0xebd69b9426b2f159, 0x00e0149a8283b156, 0x198e80f2eef3d130, 0x2406d9dc56dffce7}};
constexpr Field root_of_minus_one{
    Field::Words{0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b}};

constexpr Field base_x{Field::Words{0xc9562d608f25d51a, 0x692cc7609525a7b2, 0xc0a4e231fdd6dc5c, 0x216936d3cd6e53fe}};
constexpr Field base_y{Field::Words{0x6666666666666658, 0x6666666666666666, 0x6666666666666666, 0x6666666666666666}};
constexpr Field base_xy{Field::Words{0x6dde8ab3a5b7dda3, 0x20f09f80775152f5, 0x66ea4e8e64abe37d, 0x67875f0fd78b7665}};

/// The exponent of a square root, (p - 5) / 8 = 2^252 - 3: ones, but for one bit.
constexpr unsigned exponent_bits = 252;
constexpr unsigned exponent_zero = 1;
constexpr unsigned bits_of_a_step = 14;

} // namespace

constinit const Point Point::base{base_x, base_y, one, base_xy};

Point Point::operator+(const Point& other) const
{
    const Field a = (y - x) * (other.y - other.x);
    const Field b = (y + x) * (other.y + other.x);
    const Field c = xy * d_twice * other.xy;
    const Field zz = z * other.z;
    const Field twice = zz + zz;
    const Field e = b - a;
    const Field f = twice - c;
    const Field g = twice + c;
    const Field h = b + a;
    return {e * f, g * h, f * g, e * h};
}

bool Point::operator==(const Point& other) const
{
    return x * other.z == other.x * z && y * other.z == other.y * z;
}

bool Point::is_of_small_order() const
{
    Point multiple = *this;
    for (unsigned doublings = 0; doublings < 3; ++doublings)
        multiple = multiple + multiple;
    return multiple == Point();
}

// x^2 = (y^2 - 1) / (d y^2 + 1) = n / v, whose root, if there is one, is  n v^3 (n v^7)^((p - 5) / 8)  or that times
// the root of -1.
Point_decoder::Point_decoder(const Field::Words& bytes)
    : y_(bytes), numerator_(y_ * y_ - one), denominator_(d * y_ * y_ + one),
      cube_(denominator_ * denominator_ * denominator_), base_(numerator_ * cube_ * cube_ * denominator_),
      power_(base_), bit_(exponent_bits - 1), odd_(bytes[3] >> 63 != 0)
{
}

Result<Point_decoder::Step> Point_decoder::step()
{
    if (point_)
    {
        if (point_->is_of_small_order())
            return Error::denied;
        return Step::done;
    }
    if (bit_ == 0)
        return take_root();
    for (unsigned i = 0; i < bits_of_a_step && bit_ > 0; ++i)
    {
        --bit_;
        power_ *= power_;
        if (bit_ != exponent_zero)
            power_ *= base_;
    }
    return Step::again;
}

Result<Point_decoder::Step> Point_decoder::take_root()
{
    if (!y_.is_canonical())
        return Error::denied;
    Field x = numerator_ * cube_ * power_;
    if (!(denominator_ * x * x == numerator_))
        x *= root_of_minus_one;
    if (!(denominator_ * x * x == numerator_))
        return Error::denied;
    // Points whose x is 0 are of small order, and will be refused: of all others, one of x and -x is odd.
    if (x.is_odd() != odd_)
        x = Field{} - x;
    point_ = Point{x, y_, one, x * y_};
    return Step::again;
}

} // namespace ovm::loader
