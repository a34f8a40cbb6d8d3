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
    std::optional<Refusal> step();
    bool done() const { return done_; }

private:
    static constexpr std::uint32_t places_a_step = 64;

    std::optional<Refusal> check_header() const;
    std::optional<Refusal> check_policy(const format::Policy& policy) const;
    std::optional<Refusal> check_parameter(const format::Policy& policy, std::uint32_t index) const;
    std::optional<Refusal> check_places();
    std::optional<Refusal> check_target(std::uint32_t at) const;
    bool is_twice(const format::Policy& policy, std::uint32_t before) const;
    bool is_name(format::String name) const;
    bool is_meaning(format::String text) const;

    const Module_image& image_;
    bool done_ = false;
    bool header_ = false;         ///< is checked
    std::uint32_t policy_ = 0;    ///< those before it are checked
    std::uint32_t parameter_ = 0; ///< of that policy
    std::uint32_t relocation_ = 0;
    std::uint32_t import_ = 0;
    std::uint64_t filled_ = 0; ///< places before it are taken
};

/// 1 to format::most_name of a-z, 0-9 and `-`, not one at an end.
bool is_name(std::string_view name);

} // namespace ovm::loader
