#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "arch/raw_bytes.hpp"
#include "base/contract.hpp"
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
        auto const all = OVM_OLD(places());
        auto const before = OVM_OLD(filled_);
        auto const refused = OVM_RESULT(step());
        OVM_ENSURES(is_sound() && places() == all && filled_ >= before);
        OVM_ENSURES(!refused.has_value() || filled_ < all);
        OVM_ENSURES(refused.has_value() || filled_ == before + std::min(places_a_step, all - before));
        return refused;
    }
    bool done() const { return filled_ == places(); }

private:
    static constexpr std::uint32_t places_a_step = 128;

    bool is_sound() const
    {
        return image_.invariant() && constants_.size() == image_.header().constants.size && filled_ <= places();
    }
    std::uint32_t places() const { return image_.relocations() + image_.imports(); }
    std::optional<Refusal> relocate(const format::Relocation& relocation);
    OVM_CONTRACT std::optional<Refusal> contract_of_relocate(const format::Relocation& relocation)
    {
        OVM_REQUIRES_THAT(is_sound());
        auto const all = OVM_OLD(places());
        auto const before = OVM_OLD(filled_);
        auto const at = OVM_OLD(relocation.at);
        bool const lies_inside = image_.has_address_at(at);
        auto const address = lies_inside ? base_ + image_.address_at(at) : 0;
        auto const refused = OVM_RESULT(relocate(relocation));
        OVM_ENSURES(is_sound() && places() == all && filled_ == before);
        OVM_ENSURES(lies_inside ? !refused.has_value() && holds(at, address) : refused == Refusal::place_outside);
        return refused;
    }
    std::optional<Refusal> resolve(const format::Import& import);
    OVM_CONTRACT std::optional<Refusal> contract_of_resolve(const format::Import& import)
    {
        OVM_REQUIRES_THAT(is_sound());
        auto const all = OVM_OLD(places());
        auto const before = OVM_OLD(filled_);
        bool const lies_inside = image_.has_address_at(import.at);
        auto const refused = OVM_RESULT(resolve(import));
        OVM_ENSURES(is_sound() && places() == all && filled_ == before);
        OVM_ENSURES(refused == (lies_inside ? Refusal::unknown_import : Refusal::place_outside) ||
                    (lies_inside && !refused.has_value()));
        return refused;
    }
    /// Requires that it lies inside.
    void put(std::uint32_t at, std::uint64_t address);
    /// Whether that address stands there.
    bool holds(std::uint32_t at, std::uint64_t address) const
    {
        return arch::load_number(constants_.subspan(at), format::address_size) == address;
    }

    const Module_image& image_;
    std::span<std::uint8_t> constants_;
    std::uint64_t base_;
    std::uint32_t filled_ = 0; ///< of places: first those of relocations, then those of imports
};

} // namespace ovm::loader
