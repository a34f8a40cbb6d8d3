#include "loader/image_check.hpp"

#include <bit>
#include <utility>

#include "object/adaptor/parameters.hpp"
#include "object/module/family.hpp"

namespace ovm::loader
{

namespace
{

bool is_printable(std::string_view text)
{
    return std::ranges::all_of(text, [](char character) { return character >= ' ' && character <= '~'; });
}

OVM_CONTRACT bool contract_of_is_printable(std::string_view text)
{
    OVM_MODIFIES();
    return OVM_RESULT(is_printable(text));
}

} // namespace

bool is_name(std::string_view name)
{
    return !name.empty() && name.size() <= format::most_name && !name.starts_with('-') && !name.ends_with('-') &&
           std::ranges::all_of(name,
                               [](char character)
                               {
                                   return (character >= 'a' && character <= 'z') ||
                                          (character >= '0' && character <= '9') || character == '-';
                               });
}

OVM_CONTRACT bool contract_of_is_name(std::string_view name)
{
    OVM_MODIFIES();
    bool const good = OVM_RESULT(is_name(name));
    OVM_ENSURES(!good || (!name.empty() && name.size() <= format::most_name));
    return good;
}

bool Image_check::is_name(format::String name) const
{
    auto const text = image_.string(name);
    return text && loader::is_name(*text);
}

bool Image_check::is_meaning(format::String text) const
{
    auto const meaning = image_.string(text);
    return meaning && meaning->size() <= format::most_meaning && is_printable(*meaning);
}

std::optional<Refusal> Image_check::step()
{
    if (!header_)
    {
        header_ = true;
        return check_header();
    }
    if (parameter_ < parameters_end_)
        return check_parameter();
    if (policy_ < image_.policies())
        return check_policy();
    return check_places();
}

std::optional<Refusal> Image_check::check_header() const
{
    auto const& header = image_.header();
    if (header.text.size == 0)
        return Refusal::no_text;
    if (image_.policies() == 0)
        return Refusal::no_policy;
    if (image_.policies() > format::most_policies)
        return Refusal::too_many_policies;
    if (image_.imports() > most_imports)
        return Refusal::too_many_imports;
    if (header.version == 0)
        return Refusal::bad_version;
    if (!is_name(header.name))
        return Refusal::bad_name;
    if (header.stack > format::most_stack)
        return Refusal::too_much_stack;
    return {};
}

bool Image_check::is_twice(const format::Policy& policy) const
{
    for (std::uint32_t other = 0; other < policy_; ++other)
    {
        auto const earlier = image_.policy(other);
        if (earlier.family == policy.family && image_.string(earlier.name) == image_.string(policy.name))
            return true;
    }
    return false;
}

std::optional<Refusal> Image_check::check_policy()
{
    auto const policy = image_.policy(policy_);
    if (policy.family < std::to_underlying(object::Family_id::scheduler) ||
        policy.family > std::to_underlying(object::last_family))
        return Refusal::unknown_family;
    if (!is_name(policy.name))
        return Refusal::bad_name;
    if (!is_meaning(policy.meaning))
        return Refusal::bad_text;
    if (is_twice(policy))
        return Refusal::policy_twice;
    if (policy.alignment == 0 || policy.alignment > format::address_size || !std::has_single_bit(policy.alignment))
        return Refusal::policy_alignment;
    // It has virtual functions, so it begins with an address.
    if (policy.size < format::address_size || policy.size > most_object || policy.size % policy.alignment != 0)
        return Refusal::policy_size;
    if (policy.construct >= image_.header().text.size)
        return Refusal::constructor_outside;
    if (policy.parameters > object::Parameters::most)
        return Refusal::too_many_parameters;
    if (policy.first_parameter > image_.parameters() ||
        policy.parameters > image_.parameters() - policy.first_parameter)
        return Refusal::parameters_outside;
    ++policy_;
    first_parameter_ = policy.first_parameter;
    parameter_ = first_parameter_;
    parameters_end_ = first_parameter_ + policy.parameters;
    return {};
}

std::optional<Refusal> Image_check::check_parameter()
{
    auto const index = parameter_++;
    auto const parameter = image_.parameter(index);
    if (!is_name(parameter.name))
        return Refusal::bad_name;
    if (!is_meaning(parameter.meaning))
        return Refusal::bad_text;
    for (std::uint32_t other = first_parameter_; other < index; ++other)
    {
        if (image_.string(image_.parameter(other).name) == image_.string(parameter.name))
            return Refusal::parameter_twice;
    }
    if (parameter.unit > std::to_underlying(object::Unit::bytes) || parameter.zero != 0)
        return Refusal::parameter_unit;
    if (parameter.least > parameter.initial || parameter.initial > parameter.most)
        return Refusal::parameter_range;
    if (parameter.unit == std::to_underlying(object::Unit::nanoseconds) && parameter.most > longest_duration)
        return Refusal::parameter_range;
    return {};
}

/// Relocations and imports together, in the order of their places: then each is compared with one other only.
std::optional<Refusal> Image_check::check_places()
{
    constexpr std::uint64_t none = ~std::uint64_t{0};
    [[maybe_unused]] auto const before = places_checked();
    [[maybe_unused]] auto const filled = filled_;
    for (std::uint32_t i = 0; i < places_a_step; ++i)
    {
        OVM_LOOP_INVARIANT(is_sound() && places_checked() == before + i && filled_ >= filled);
        auto const relocation = relocation_ < image_.relocations() ? image_.relocation(relocation_).at : none;
        auto const import = import_ < image_.imports() ? image_.import(import_).at : none;
        auto const at = std::min(relocation, import);
        if (at == none)
        {
            done_ = true;
            return {};
        }
        if (at % format::address_size != 0 || !image_.has_address_at(at))
            return Refusal::place_outside;
        if (at < filled_)
            return Refusal::places_overlap;
        filled_ = at + format::address_size;
        if (import == at)
        {
            auto const name = image_.string(image_.import(import_++).name);
            if (!name || name->empty() || name->size() > most_symbol || !is_printable(*name))
                return Refusal::bad_name;
            continue;
        }
        ++relocation_;
        if (auto const refused = check_target(at))
            return refused;
    }
    return {};
}

/// It leads into the text, into the constants, or to their end, where an array's end may be.
std::optional<Refusal> Image_check::check_target(std::uint64_t at) const
{
    auto const target = image_.address_at(at);
    if (target < image_.header().text.size || (target >= image_.constants_at() && target <= image_.end()))
        return {};
    return Refusal::target_outside;
}

} // namespace ovm::loader
