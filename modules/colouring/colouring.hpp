#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/contract.hpp"
#include "base/strong.hpp"
#include "memory/frame_policy.hpp"
#include "object/module/module.hpp"

namespace ovm::modules
{

/// Page colouring (Kessler and Hill, 1992): a page's number decides which sets of a physically indexed cache its lines
/// can be in, so VMs whose pages differ in `colours` do not evict each other's. Each VM has one colour, by its number;
/// what OVM needs for itself has none. A larger page has all colours: a VM gets none.
/// Invariant:   while `borrow` is 0, every page of VM v is of colour (v - 1) mod `colours`.
/// Concurrency: any core; choosing changes nothing.
/// State:       whose turn it is, for a policy that takes turns.
class Colouring final : public memory::Frame_policy
{
public:
    static constexpr std::array<object::Parameter, 3> parameters{{
        {"colours", object::Unit::number, 8, 2, 64, "a power of two: into so many parts the cache is divided"},
        {"look", object::Unit::number, 16, 1, 64, "free blocks of each size to look at for one of a colour"},
        {"borrow", object::Unit::number, 1, 0, 1, "1: a VM gets any page when none of its colour is found"},
    }};
    static constexpr object::Policy_description description{"colouring", "VMs apart in the cache", parameters};

    /// Error::out_of_range: no power of two.
    static Result<> check(object::Values values);
    /// Requires check().
    explicit Colouring(object::Values values)
        : bits_(static_cast<std::uint8_t>(std::countr_zero(values[0]))), look_(static_cast<std::uint8_t>(values[1])),
          borrow_(values[2] != 0)
    {
    }

    Result<memory::Frame_choice> choose(const memory::Frame_request& request, std::uint32_t place) override;
    Result<> export_state(memory::Frame_state& state) override;
    Result<> import_state(memory::Frame_state& state) override;

private:
    OVM_CLASS_INVARIANT bool invariant() const
    {
        return bits_ >= 1 && bits_ <= memory::Block_choice::most_colours && look_ >= 1 &&
               look_ <= memory::Block_choice::most_look;
    }

    /// Only such blocks, as far as so many looks find one.
    bool has_colour_of(const memory::Block_choice& block, Vm_id owner) const
    {
        return block.colours == bits_ && block.colour == (owner.value() - 1) % (1u << bits_) && block.look == look_;
    }

    std::uint8_t bits_; ///< of a page's number that are its colour
    std::uint8_t look_;
    bool borrow_;
    memory::Frame_state carried_{};
};

} // namespace ovm::modules
