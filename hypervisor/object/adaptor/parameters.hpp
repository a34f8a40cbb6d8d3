#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "base/static_vector.hpp"
#include "base/text.hpp"

namespace ovm::object
{

/// In what a parameter is given: `10ms`, `64K`, or a plain number.
enum class Unit : std::uint8_t
{
    number,
    nanoseconds, ///< ns, us, ms, s
    bytes        ///< K, M, G
};

/// A parameter of a policy, as a person sees it.
struct Parameter
{
    std::string_view name{};
    Unit unit = Unit::number;
    std::uint64_t initial = 0;
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    std::string_view meaning{};
};

/// What a policy is to a person.
struct Policy_description
{
    std::string_view name{};
    std::string_view meaning{};
    std::span<const Parameter> parameters{};
};

/// Values of a policy's parameters: all of them, each in its range.
/// Failure: set() changes nothing when it fails.
class Parameters
{
public:
    static constexpr std::size_t most = 8;

    Parameters() = default;
    /// Every parameter at its initial value.
    explicit Parameters(const Policy_description& policy);

    /// From text. Error::not_found: the policy has no such parameter; Error::invalid: not a value of its unit;
    /// Error::out_of_range.
    OVM_VERIFIED Result<> set(std::string_view name, std::string_view value);
    /// Requires that the policy has it.
    std::uint64_t operator[](std::string_view name) const;
    std::size_t size() const { return values_.size(); }
    /// In the order of the description. Requires index < size().
    std::uint64_t value(std::size_t index) const { return values_[index].value; }
    Unit unit(std::size_t index) const { return values_[index].parameter.unit; }
    /// Takes over those of the same name and unit that are in their range here.
    OVM_VERIFIED void adopt(const Parameters& others);
    /// `slice=10ms weight=3`.
    void write(Text_writer& text) const;

    OVM_CLASS_INVARIANT bool invariant() const { return values_.size() <= most; }

private:
    struct Value
    {
        Parameter parameter{};
        std::uint64_t value = 0;

        constexpr bool is_in_range() const { return value >= parameter.least && value <= parameter.most; }
    };

    Static_vector<Value, most> values_{};
};

/// `1500`, `10ms`, `64K` in the unit's base. Error::invalid.
OVM_VERIFIED Result<std::uint64_t> parse_value(std::string_view text, Unit unit);
/// The shortest text that parse_value() reads back.
void write_value(Text_writer& text, std::uint64_t value, Unit unit);

} // namespace ovm::object
