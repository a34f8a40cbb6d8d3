#pragma once

#include <cstdint>
#include <optional>

#include "base/result.hpp"
#include "loader/signature/field.hpp"

namespace ovm::loader
{

/// A point of the curve of Ed25519, -x^2 + y^2 = 1 + d x^2 y^2, in extended coordinates (RFC 8032, 5.1.4):
/// each of them times z.
struct Point
{
    static const Point base;

    /// Holds for all points, equal ones too: it doubles as well. 9 multiplications.
    Point operator+(const Point& other) const;
    bool operator==(const Point& other) const;

    /// Whether 8 times the point is the neutral one: what such a point signs says nothing.
    bool is_of_small_order() const;

    // The neutral one.
    Field x{};
    Field y{1};
    Field z{1};
    Field xy{};
};

/// Finds the point that 32 bytes stand for (RFC 8032, 5.1.3), in steps of at most 10,000 instructions.
/// Failure: Error::denied for anything but the canonical form of a point that is not of small order.
class Point_decoder
{
public:
    explicit Point_decoder(const Field::Words& bytes);

    enum class Step : std::uint8_t
    {
        again,
        done
    };
    Result<Step> step();
    /// Requires that step() was done.
    const Point& point() const { return *point_; }

private:
    Result<Step> take_root();

    Field y_;
    Field numerator_;   ///< of x^2
    Field denominator_; ///< of x^2
    Field cube_;        ///< of the denominator
    Field base_;        ///< whose power is wanted
    Field power_;
    std::optional<Point> point_{};
    unsigned bit_; ///< of the exponent, to be looked at next
    bool odd_;     ///< which of the two x is meant
};

} // namespace ovm::loader
