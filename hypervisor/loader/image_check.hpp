#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "loader/module_image.hpp"

namespace ovm::loader
{

/// Whether what a module's file says holds together: names, limits, policies and their parameters, and where addresses
/// are to be filled in. The image has been opened.
/// Concurrency: one at a time, in slices of at most 10,000 instructions. Lifetime: the image's.
class Image_check
{
public:
    OVM_VERIFIED_INLINE explicit Image_check(const Module_image& image) : image_(image)
    {
        OVM_PROMISES(!header_ && !done_ && (!image.invariant() || is_sound()));
    }

    /// The next part. What was refused is refused for good.
    std::optional<Refusal> step();
    OVM_CONTRACT std::optional<Refusal> contract_of_step()
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_MODIFIES(*this);
        auto const refused = OVM_RESULT(step());
        OVM_ENSURES(is_sound());
        OVM_ENSURES(refused.has_value() || header_);
        return refused;
    }
    bool done() const { return done_; }

    /// What each step relies on, and each of its parts leaves to the next one.
    bool is_sound() const
    {
        return image_.invariant() && first_parameter_ <= parameter_ && parameter_ <= parameters_end_ &&
               parameters_end_ <= image_.parameters() && policy_ <= image_.policies() &&
               relocation_ <= image_.relocations() && import_ <= image_.imports() &&
               filled_ <= image_.header().constants.size && (!done_ || places_checked() == places());
    }

private:
    static constexpr std::uint32_t places_a_step = 64;

    std::uint32_t places() const { return image_.relocations() + image_.imports(); }
    std::uint32_t places_checked() const { return relocation_ + import_; }

    std::optional<Refusal> check_header() const;
    OVM_CONTRACT std::optional<Refusal> contract_of_check_header() const
    {
        OVM_REQUIRES_THAT(image_.invariant());
        OVM_MODIFIES();
        auto const refused = OVM_RESULT(check_header());
        OVM_ENSURES(refused.has_value() ? refused == Refusal::bad_name || !has_what_it_needs() : has_what_it_needs());
        return refused;
    }
    /// But for its name.
    bool has_what_it_needs() const
    {
        auto const& header = image_.header();
        return header.text.size > 0 && image_.policies() > 0 && image_.policies() <= format::most_policies &&
               image_.imports() <= most_imports && header.version > 0 && header.stack <= format::most_stack;
    }
    std::optional<Refusal> check_policy();
    OVM_CONTRACT std::optional<Refusal> contract_of_check_policy()
    {
        OVM_REQUIRES_THAT(is_sound() && policy_ < image_.policies());
        OVM_MODIFIES(policy_, first_parameter_, parameter_, parameters_end_);
        auto const before = OVM_OLD(policy_);
        auto const refused = OVM_RESULT(check_policy());
        OVM_ENSURES(is_sound());
        OVM_ENSURES(policy_ == (refused.has_value() ? before : before + 1));
        OVM_ENSURES(refused.has_value() || parameter_ == first_parameter_);
        return refused;
    }
    std::optional<Refusal> check_parameter();
    OVM_CONTRACT std::optional<Refusal> contract_of_check_parameter()
    {
        OVM_REQUIRES_THAT(is_sound() && parameter_ < parameters_end_);
        OVM_MODIFIES(parameter_);
        auto const before = OVM_OLD(parameter_);
        auto const refused = OVM_RESULT(check_parameter());
        OVM_ENSURES(is_sound());
        OVM_ENSURES(refused.has_value() || parameter_ == before + 1);
        return refused;
    }
    std::optional<Refusal> check_places();
    OVM_CONTRACT std::optional<Refusal> contract_of_check_places()
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_MODIFIES(done_, relocation_, import_, filled_);
        auto const before = OVM_OLD(places_checked());
        auto const filled = OVM_OLD(filled_);
        auto const refused = OVM_RESULT(check_places());
        OVM_ENSURES(is_sound());
        OVM_ENSURES(refused.has_value() || done_ || places_checked() == before + places_a_step);
        OVM_ENSURES(refused.has_value() || filled_ >= filled);
        return refused;
    }
    std::optional<Refusal> check_target(std::uint64_t at) const;
    OVM_CONTRACT std::optional<Refusal> contract_of_check_target(std::uint64_t at) const
    {
        OVM_REQUIRES_THAT(image_.invariant() && image_.has_address_at(at));
        OVM_MODIFIES();
        auto const refused = OVM_RESULT(check_target(at));
        OVM_ENSURES(refused.has_value() ? refused == Refusal::target_outside : image_.address_at(at) <= image_.end());
        return refused;
    }
    bool is_twice(const format::Policy& policy) const;
    OVM_CONTRACT bool contract_of_is_twice(const format::Policy& policy) const
    {
        OVM_REQUIRES_THAT(image_.invariant() && policy_ < image_.policies());
        OVM_MODIFIES();
        bool const twice = OVM_RESULT(is_twice(policy));
        OVM_ENSURES(!twice || policy_ > 0);
        return twice;
    }
    bool is_name(format::String name) const;
    OVM_CONTRACT bool contract_of_is_name(format::String name) const
    {
        OVM_REQUIRES_THAT(image_.invariant());
        OVM_MODIFIES();
        bool const good = OVM_RESULT(is_name(name));
        OVM_ENSURES(!good || (name.size > 0 && name.size <= format::most_name));
        return good;
    }
    bool is_meaning(format::String text) const;
    OVM_CONTRACT bool contract_of_is_meaning(format::String text) const
    {
        OVM_REQUIRES_THAT(image_.invariant());
        OVM_MODIFIES();
        bool const good = OVM_RESULT(is_meaning(text));
        OVM_ENSURES(!good || text.size <= format::most_meaning);
        return good;
    }

    const Module_image& image_;
    bool done_ = false;
    bool header_ = false;      ///< is checked
    std::uint32_t policy_ = 0; ///< those before it are checked, but for the parameters of the last one:
    std::uint32_t first_parameter_ = 0;
    std::uint32_t parameter_ = 0; ///< those before it are checked
    std::uint32_t parameters_end_ = 0;
    std::uint32_t relocation_ = 0;
    std::uint32_t import_ = 0;
    std::uint64_t filled_ = 0; ///< places before it are taken
};

/// 1 to format::most_name of a-z, 0-9 and `-`, not one at an end.
OVM_VERIFIED bool is_name(std::string_view name);

} // namespace ovm::loader
