#include "loader/relocator.hpp"

#include "arch/raw_bytes.hpp"
#include "base/contract.hpp"
#include "loader/exports.hpp"

namespace ovm::loader
{

std::optional<Refusal> Relocator::step()
{
    auto const relocations = image_.relocations();
    auto const all = places();
    [[maybe_unused]] auto const before = filled_;
    for (std::uint32_t i = 0; i < places_a_step && filled_ < all; ++i, ++filled_)
    {
        OVM_LOOP_INVARIANT(is_sound() && relocations == image_.relocations() && all == places());
        OVM_LOOP_INVARIANT(filled_ == before + i);
        OVM_VARIANT(places_a_step - i);
        auto const refused = filled_ < relocations ? relocate(image_.relocation(filled_))
                                                   : resolve(image_.import(filled_ - relocations));
        if (refused)
            return refused;
    }
    return {};
}

std::optional<Refusal> Relocator::relocate(const format::Relocation& relocation)
{
    if (!image_.has_address_at(relocation.at))
        return Refusal::place_outside; // Image_check would have found it
    put(relocation.at, base_ + image_.address_at(relocation.at));
    return {};
}

std::optional<Refusal> Relocator::resolve(const format::Import& import)
{
    if (!image_.has_address_at(import.at))
        return Refusal::place_outside; // as above
    auto const name = image_.string(import.name);
    auto const address = name ? exported(*name) : std::nullopt;
    if (!address)
        return Refusal::unknown_import;
    put(import.at, *address);
    OVM_PROMISES(holds(import.at, *address));
    return {};
}

void Relocator::put(std::uint32_t at, std::uint64_t address)
{
    arch::store_number(constants_.subspan(at), format::address_size, address);
    OVM_PROMISES(holds(at, address));
}

} // namespace ovm::loader
