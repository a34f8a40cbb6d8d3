#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "loader/module_image.hpp"

namespace ovm::loader
{

/// Fills in the addresses of a module that lies in its block: its own ones by where it is placed, and those of what the
/// hypervisor exports. Where they stand is looked at once more: a place is written only among the module's constants,
/// whatever has checked the image before.
/// Concurrency: one at a time, in slices of at most 20,000 instructions. Lifetime: the image's and the block's.
class Relocator
{
public:
    /// `constants` are the module's own ones, where `base` is its place.
    Relocator(const Module_image& image, std::span<std::uint8_t> constants, std::uint64_t base)
        : image_(image), constants_(constants), base_(base)
    {
    }

    /// The next part. What was refused is refused for good.
    std::optional<Refusal> step();
    OVM_CONTRACT std::optional<Refusal> contract_of_step()
    {
        OVM_REQUIRES_THAT(is_sound());
        auto const refused = OVM_RESULT(step());
        OVM_ENSURES(is_sound());
        return refused;
    }
    bool done() const { return filled_ == places(); }

private:
    static constexpr std::uint32_t places_a_step = 128;

    bool is_sound() const { return image_.invariant() && constants_.size() == image_.header().constants.size; }
    std::uint32_t places() const { return image_.relocations() + image_.imports(); }
    OVM_VERIFIED std::optional<Refusal> relocate(const format::Relocation& relocation);
    OVM_VERIFIED std::optional<Refusal> resolve(const format::Import& import);
    void put(std::uint32_t at, std::uint64_t address);

    const Module_image& image_;
    std::span<std::uint8_t> constants_;
    std::uint64_t base_;
    std::uint32_t filled_ = 0; ///< of places: first those of relocations, then those of imports
};

} // namespace ovm::loader
