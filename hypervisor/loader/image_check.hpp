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
    explicit Image_check(const Module_image& image) : image_(image) {}

    /// The next part. What was refused is refused for good.
    OVM_VERIFIED std::optional<Refusal> step();
    bool done() const { return done_; }

    /// What each step relies on, and each of its parts leaves to the next one.
    bool is_sound() const
    {
        return image_.invariant() && first_parameter_ <= parameter_ && parameter_ <= parameters_end_ &&
               parameters_end_ <= image_.parameters();
    }

private:
    static constexpr std::uint32_t places_a_step = 64;

    std::optional<Refusal> check_header() const;
    OVM_CONTRACT std::optional<Refusal> contract_of_check_header() const
    {
        OVM_REQUIRES_THAT(image_.invariant());
        OVM_MODIFIES();
        return OVM_RESULT(check_header());
    }
    std::optional<Refusal> check_policy();
    OVM_CONTRACT std::optional<Refusal> contract_of_check_policy()
    {
        OVM_REQUIRES_THAT(is_sound() && policy_ < image_.policies());
        OVM_MODIFIES(*this);
        auto const refused = OVM_RESULT(check_policy());
        OVM_ENSURES(is_sound());
        return refused;
    }
    std::optional<Refusal> check_parameter();
    OVM_CONTRACT std::optional<Refusal> contract_of_check_parameter()
    {
        OVM_REQUIRES_THAT(is_sound() && parameter_ < parameters_end_);
        OVM_MODIFIES(*this);
        auto const refused = OVM_RESULT(check_parameter());
        OVM_ENSURES(is_sound());
        return refused;
    }
    std::optional<Refusal> check_places();
    OVM_CONTRACT std::optional<Refusal> contract_of_check_places()
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_MODIFIES(*this);
        auto const refused = OVM_RESULT(check_places());
        OVM_ENSURES(is_sound());
        return refused;
    }
    OVM_VERIFIED std::optional<Refusal> check_target(std::uint64_t at) const;
    OVM_VERIFIED bool is_twice(const format::Policy& policy) const;
    OVM_VERIFIED bool is_name(format::String name) const;
    OVM_VERIFIED bool is_meaning(format::String text) const;

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
