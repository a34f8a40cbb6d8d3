#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "arch/x86_64/instruction/decoded.hpp"
#include "loader/instruction_rules.hpp"
#include "loader/module_image.hpp"
#include "loader/plain_instruction.hpp"

namespace ovm::loader
{

/// Whether the code of a module does nothing that only a broken compiler, or another, would have it do. The signature
/// says who made it; this looks at what was made. From the text's first byte to its last:
/// - every instruction decodes and may be used (instruction_rules.hpp), the last one ends where the text does;
/// - direct branches and calls lead to an instruction's beginning, and so do the addresses of code that the constants,
///   the policies' records and LEA name;
/// - indirect branches go through a slot of the constants that an import fills, and no other way;
/// - operands relative to RIP are constants of the module.
/// What it cannot see: where RET returns to, and what operands relative to other registers are.
/// The image has passed Image_check.
/// Concurrency: one at a time, in slices of at most 15,000 instructions. Lifetime: the image's and the memory's.
class Code_scan
{
public:
    /// How much memory it works with.
    static std::size_t memory_needed(const Module_image& image) { return 2 * map_bytes(image); }

    /// Requires memory_needed(), zeroed.
    OVM_VERIFIED Code_scan(const Module_image& image, std::span<std::uint8_t> memory);

    /// The next part. What was refused is refused for good.
    std::optional<Refusal> step();
    OVM_CONTRACT std::optional<Refusal> contract_of_step()
    {
        OVM_REQUIRES_THAT(is_sound());
        auto const refused = OVM_RESULT(step());
        OVM_ENSURES(refused.has_value() || is_sound());
        return refused;
    }
    bool done() const { return phase_ == Phase::done; }
    /// Of what was refused, counted from the text's beginning.
    std::uint64_t at() const { return at_; }

private:
    enum class Phase : std::uint8_t
    {
        instructions, ///< marks where each begins, and where they lead
        records,      ///< marks what policies and constants lead to
        comparison,   ///< of both maps
        done
    };

    /// In instructions that need no decoder; about 130 of the processor's for each.
    static constexpr std::uint32_t cost_of_a_step = 120;
    static constexpr std::uint32_t cost_of_plain = 1;
    static constexpr std::uint32_t cost_of_decoding = 7;
    static constexpr std::uint32_t records_a_step = 128;
    static constexpr std::uint32_t words_a_step = 512;

    /// A bit for each byte of the text, in whole words.
    static std::size_t map_bytes(const Module_image& image) { return (image.header().text.size + 63ULL) / 64 * 8; }

    std::uint64_t text_size() const { return image_.header().text.size; }
    /// What each step relies on, and leaves to the next one.
    bool is_sound() const
    {
        return image_.invariant() && starts_.size() == map_bytes(image_) && targets_.size() == starts_.size() &&
               at_ <= text_size() && word_ % 8 == 0 && word_ <= starts_.size();
    }
    /// Whether an instruction of that length ends where the text does, or before.
    bool is_inside(unsigned length) const { return length <= text_size() - at_; }

    std::optional<Refusal> scan_instructions();
    OVM_CONTRACT std::optional<Refusal> contract_of_scan_instructions()
    {
        OVM_REQUIRES_THAT(is_sound());
        auto const before = OVM_OLD(at_);
        auto const refused = OVM_RESULT(scan_instructions());
        OVM_ENSURES(is_sound());
        OVM_ENSURES(refused.has_value() || (phase_ == Phase::records ? at_ == text_size() : at_ > before));
        return refused;
    }
    /// One that is not plain.
    std::optional<Refusal> scan_other(std::span<const std::uint8_t> rest);
    OVM_CONTRACT std::optional<Refusal> contract_of_scan_other(std::span<const std::uint8_t> rest)
    {
        OVM_REQUIRES_THAT(is_sound() && rest.size() == text_size() - at_);
        auto const before = OVM_OLD(at_);
        auto const refused = OVM_RESULT(scan_other(rest));
        OVM_ENSURES(is_sound() && (refused.has_value() ? at_ == before : at_ > before));
        return refused;
    }
    std::optional<Refusal> pass(const Plain_instruction& plain);
    OVM_CONTRACT std::optional<Refusal> contract_of_pass(const Plain_instruction& plain)
    {
        OVM_REQUIRES_THAT(is_sound() && plain.length > 0 && is_inside(plain.length));
        auto const before = OVM_OLD(at_);
        auto const next = OVM_OLD(at_ + plain.length);
        auto const refused = OVM_RESULT(pass(plain));
        OVM_ENSURES(is_sound() && at_ == (refused.has_value() ? before : next));
        OVM_ENSURES(is_marked(starts_, before));
        return refused;
    }
    std::optional<Refusal> follow(const arch::instruction::Decoded& decoded);
    OVM_CONTRACT std::optional<Refusal> contract_of_follow(const arch::instruction::Decoded& decoded)
    {
        OVM_REQUIRES_THAT(is_sound() && decoded.length > 0 && is_inside(decoded.length));
        auto const before = OVM_OLD(at_);
        auto const next = OVM_OLD(next_address(decoded));
        auto const refused = OVM_RESULT(follow(decoded));
        OVM_ENSURES(is_sound() && at_ == (refused.has_value() ? before : next));
        OVM_ENSURES(is_marked(starts_, before));
        return refused;
    }
    OVM_VERIFIED std::optional<Refusal> check_target(std::uint64_t target);
    /// Through a slot.
    std::optional<Refusal> check_indirect(const arch::instruction::Decoded& decoded) const;
    OVM_CONTRACT std::optional<Refusal> contract_of_check_indirect(const arch::instruction::Decoded& decoded) const
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_MODIFIES();
        auto const refused = OVM_RESULT(check_indirect(decoded));
        OVM_ENSURES(refused.has_value() ? refused == Refusal::indirect_branch : has_place(decoded));
        return refused;
    }
    /// The code whose address it loads.
    std::optional<std::uint64_t> named_code(const arch::instruction::Decoded& decoded) const;
    OVM_CONTRACT std::optional<std::uint64_t> contract_of_named_code(const arch::instruction::Decoded& decoded) const
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_MODIFIES();
        auto const target = OVM_RESULT(named_code(decoded));
        OVM_ENSURES(target.has_value() ==
                    (is_load_of_address(decoded) && has_place(decoded) && operand_of(decoded) < text_size()));
        OVM_ENSURES(!target.has_value() || *target == operand_of(decoded));
        return target;
    }
    std::optional<Refusal> check_operand(const arch::instruction::Decoded& decoded) const;
    OVM_CONTRACT std::optional<Refusal> contract_of_check_operand(const arch::instruction::Decoded& decoded) const
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_MODIFIES();
        auto const refused = OVM_RESULT(check_operand(decoded));
        OVM_ENSURES(refused.has_value() ? refused == Refusal::operand_outside && has_place(decoded)
                                        : !has_place(decoded) || is_constant(operand_of(decoded)));
        return refused;
    }
    std::optional<Refusal> scan_records();
    OVM_CONTRACT std::optional<Refusal> contract_of_scan_records()
    {
        OVM_REQUIRES_THAT(is_sound());
        auto const before = OVM_OLD(record_);
        auto const all = OVM_OLD(records());
        auto const refused = OVM_RESULT(scan_records());
        OVM_ENSURES(is_sound());
        OVM_ENSURES(before > all || refused.has_value() || record_ == before + std::min(records_a_step, all - before));
        OVM_ENSURES(refused.has_value() ? refused == Refusal::place_outside
                                        : record_ != all || phase_ == Phase::comparison);
        return refused;
    }
    /// Policies and places of addresses.
    std::uint32_t records() const { return image_.policies() + image_.relocations(); }
    std::optional<Refusal> compare();
    OVM_CONTRACT std::optional<Refusal> contract_of_compare()
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_MODIFIES(at_, word_, phase_);
        auto const before = OVM_OLD(word_);
        auto const refused = OVM_RESULT(compare());
        OVM_ENSURES(refused.has_value() || is_sound());
        OVM_ENSURES(refused.has_value() || phase_ == Phase::done || word_ == before + std::size_t{8} * words_a_step);
        OVM_ENSURES(!refused.has_value() || (refused == Refusal::not_an_instruction && at_ / 64 == word_ / 8));
        return refused;
    }
    std::uint64_t next_address(const arch::instruction::Decoded& decoded) const { return at_ + decoded.length; }
    /// Of an operand relative to RIP.
    std::uint64_t operand_of(const arch::instruction::Decoded& decoded) const
    {
        return next_address(decoded) + static_cast<std::uint64_t>(decoded.memory.displacement);
    }
    static bool has_place(const arch::instruction::Decoded& decoded)
    {
        return decoded.has_memory && decoded.memory.rip_relative;
    }
    bool is_constant(std::uint64_t at) const { return at >= image_.constants_at() && at <= image_.end(); }
    static bool is_marked(const std::span<std::uint8_t>& map, std::uint64_t at)
    {
        return at / 8 < map.size() && (map[at / 8] >> at % 8 & 1) != 0;
    }
    static void mark(const std::span<std::uint8_t>& map, std::uint64_t at)
    {
        auto& byte = map[at / 8];
        byte = static_cast<std::uint8_t>(byte | 1U << at % 8);
    }

    const Module_image& image_;
    std::span<std::uint8_t> starts_;  ///< of instructions
    std::span<std::uint8_t> targets_; ///< what has to be one
    Phase phase_ = Phase::instructions;
    std::uint64_t at_ = 0;
    std::uint32_t record_ = 0;
    std::size_t word_ = 0;
};

} // namespace ovm::loader
