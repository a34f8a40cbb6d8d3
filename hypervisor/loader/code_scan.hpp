#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "arch/x86_64/instruction/decoded.hpp"
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
    Code_scan(const Module_image& image, std::span<std::uint8_t> memory);

    /// The next part. What was refused is refused for good.
    OVM_VERIFIED std::optional<Refusal> step();
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
        auto const refused = OVM_RESULT(scan_instructions());
        OVM_ENSURES(is_sound());
        return refused;
    }
    /// One that is not plain.
    OVM_VERIFIED std::optional<Refusal> scan_other(std::span<const std::uint8_t> rest);
    OVM_VERIFIED std::optional<Refusal> pass(const Plain_instruction& plain);
    OVM_VERIFIED std::optional<Refusal> follow(const arch::instruction::Decoded& decoded);
    OVM_VERIFIED std::optional<Refusal> check_target(std::uint64_t target);
    std::optional<Refusal> check_indirect(const arch::instruction::Decoded& decoded) const;
    OVM_CONTRACT std::optional<Refusal> contract_of_check_indirect(const arch::instruction::Decoded& decoded) const
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_MODIFIES();
        return OVM_RESULT(check_indirect(decoded));
    }
    /// The code whose address it loads.
    std::optional<std::uint64_t> named_code(const arch::instruction::Decoded& decoded) const;
    OVM_CONTRACT std::optional<std::uint64_t> contract_of_named_code(const arch::instruction::Decoded& decoded) const
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_MODIFIES();
        auto const target = OVM_RESULT(named_code(decoded));
        OVM_ENSURES(!target.has_value() || *target < text_size());
        return target;
    }
    std::optional<Refusal> check_operand(const arch::instruction::Decoded& decoded) const;
    OVM_CONTRACT std::optional<Refusal> contract_of_check_operand(const arch::instruction::Decoded& decoded) const
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_MODIFIES();
        return OVM_RESULT(check_operand(decoded));
    }
    std::optional<Refusal> scan_records();
    OVM_CONTRACT std::optional<Refusal> contract_of_scan_records()
    {
        OVM_REQUIRES_THAT(is_sound());
        auto const refused = OVM_RESULT(scan_records());
        OVM_ENSURES(is_sound());
        return refused;
    }
    /// Policies and places of addresses.
    std::uint32_t records() const { return image_.policies() + image_.relocations(); }
    std::optional<Refusal> compare();
    OVM_CONTRACT std::optional<Refusal> contract_of_compare()
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_MODIFIES(*this);
        auto const refused = OVM_RESULT(compare());
        OVM_ENSURES(refused.has_value() || is_sound());
        return refused;
    }
    std::uint64_t next_address(const arch::instruction::Decoded& decoded) const { return at_ + decoded.length; }
    /// Of an operand relative to RIP.
    std::uint64_t operand_of(const arch::instruction::Decoded& decoded) const
    {
        return next_address(decoded) + static_cast<std::uint64_t>(decoded.memory.displacement);
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
