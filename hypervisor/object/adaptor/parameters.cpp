#include "object/adaptor/parameters.hpp"

#include <array>

#include "base/contract.hpp"

namespace ovm::object
{

namespace
{

struct Suffix
{
    Unit unit = Unit::number;
    std::string_view text{};
    std::uint64_t factor = 1;
};

/// Of each unit the largest first.
constexpr std::array<Suffix, 9> suffixes{{
    {Unit::number, "", 1},
    {Unit::nanoseconds, "s", 1'000'000'000},
    {Unit::nanoseconds, "ms", 1'000'000},
    {Unit::nanoseconds, "us", 1'000},
    {Unit::nanoseconds, "ns", 1},
    {Unit::bytes, "G", std::uint64_t{1} << 30},
    {Unit::bytes, "M", std::uint64_t{1} << 20},
    {Unit::bytes, "K", std::uint64_t{1} << 10},
    {Unit::bytes, "", 1},
}};

} // namespace

Result<std::uint64_t> parse_value(std::string_view text, Unit unit)
{
    std::uint64_t number = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits)
    {
        OVM_LOOP_INVARIANT(digits < text.size());
        OVM_VARIANT(text.size() - digits);
        auto const digit = static_cast<std::uint64_t>(text[digits] - '0');
        if (__builtin_mul_overflow(number, std::uint64_t{10}, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return Error::invalid;
    }
    if (digits == 0)
        return Error::invalid;
    for (auto const& suffix : suffixes)
    {
        if (suffix.unit != unit || text.substr(digits) != suffix.text)
            continue;
        if (__builtin_mul_overflow(number, suffix.factor, &number))
            return Error::invalid;
        return number;
    }
    return Error::invalid;
}

void write_value(Text_writer& text, std::uint64_t value, Unit unit)
{
    for (auto const& suffix : suffixes)
    {
        if (suffix.unit == unit && value % suffix.factor == 0 && (value != 0 || suffix.factor == 1))
        {
            text << value / suffix.factor << suffix.text;
            return;
        }
    }
}

Parameters::Parameters(const Policy_description& policy)
{
    for (auto const& parameter : policy.parameters)
        OVM_ASSERT(values_.push_back({parameter, parameter.initial}).has_value());
}

Result<> Parameters::set(std::string_view name, std::string_view value)
{
    for (auto& each : values_)
    {
        if (each.parameter.name != name)
            continue;
        auto const number = OVM_TRY(parse_value(value, each.parameter.unit));
        if (number < each.parameter.least || number > each.parameter.most)
            return Error::out_of_range;
        each.value = number;
        OVM_PROMISES(each.is_in_range() && each.value == number);
        return {};
    }
    return Error::not_found;
}

void Parameters::adopt(const Parameters& others)
{
    OVM_PRESUMES(others.invariant());
    for (auto& own : values_)
    {
        auto const& parameter = own.parameter;
        for (auto const& [other, theirs] : others.values_)
        {
            if (other.name == parameter.name && other.unit == parameter.unit && theirs >= parameter.least &&
                theirs <= parameter.most)
            {
                own.value = theirs;
                OVM_PROMISES(own.is_in_range() && own.value == theirs && other.unit == parameter.unit);
            }
        }
    }
}

std::uint64_t Parameters::operator[](std::string_view name) const
{
    for (auto const& each : values_)
    {
        if (each.parameter.name == name)
            return each.value;
    }
    OVM_UNREACHABLE("a policy asks for parameters that its description names");
}

void Parameters::write(Text_writer& text) const
{
    std::string_view before{};
    for (auto const& each : values_)
    {
        text << before << each.parameter.name << '=';
        write_value(text, each.value, each.parameter.unit);
        before = " ";
    }
}

} // namespace ovm::object
