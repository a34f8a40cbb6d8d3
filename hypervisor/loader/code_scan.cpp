#include "loader/code_scan.hpp"

#include <bit>

#include "arch/raw_bytes.hpp"
#include "arch/x86_64/instruction/decoder.hpp"
#include "base/contract.hpp"
#include "loader/plain_instruction.hpp"

namespace ovm::loader
{

using arch::instruction::Decoded;
using arch::instruction::Operand;

namespace
{

std::uint64_t accessed_bytes(const Decoded& decoded)
{
    if (decoded.source.kind == Operand::Kind::memory)
        return decoded.source.size;
    return decoded.destination.kind == Operand::Kind::memory ? decoded.destination.size : decoded.operand_size;
}

/// Most are plain.
std::optional<Plain_instruction> first_look(std::span<const std::uint8_t> rest)
{
    if (rest.size() < plain_window)
        return {};
    return plain_instruction(rest.first<plain_window>());
}

} // namespace

Code_scan::Code_scan(const Module_image& image, std::span<std::uint8_t> memory) : image_(image)
{
    OVM_PRESUMES(memory.size() >= memory_needed(image));
    starts_ = memory.first(map_bytes(image));
    targets_ = memory.subspan(map_bytes(image), map_bytes(image));
    OVM_PROMISES(!image.invariant() || is_sound());
}

std::optional<Refusal> Code_scan::step()
{
    switch (phase_)
    {
    case Phase::instructions:
        return scan_instructions();
    case Phase::records:
        return scan_records();
    case Phase::comparison:
        return compare();
    case Phase::done:
        break;
    }
    return {};
}

std::optional<Refusal> Code_scan::scan_instructions()
{
    auto const text = image_.text();
    [[maybe_unused]] auto const before = at_;
    for (std::uint32_t cost = 0; cost < cost_of_a_step;)
    {
        OVM_LOOP_INVARIANT(is_sound() && text.size() == text_size() && at_ >= before);
        OVM_LOOP_INVARIANT(cost == 0 || at_ > before);
        OVM_VARIANT(cost_of_a_step - cost);
        if (at_ == text.size())
        {
            phase_ = Phase::records;
            return {};
        }
        auto const rest = text.subspan(at_);
        auto const plain = first_look(rest);
        cost += plain ? cost_of_plain : cost_of_decoding;
        auto const refused = plain ? pass(*plain) : scan_other(rest);
        if (refused)
            return refused;
    }
    return {};
}

std::optional<Refusal> Code_scan::scan_other(std::span<const std::uint8_t> rest)
{
    auto const decoded = arch::instruction::decode(rest, arch::instruction::Mode::long64);
    if (!decoded)
        return Refusal::undecodable;
    return follow(*decoded);
}

std::optional<Refusal> Code_scan::follow(const Decoded& decoded)
{
    auto const next = next_address(decoded);
    mark(starts_, at_);
    auto const flow = check_instruction(decoded);
    if (!flow)
        return flow.error();
    std::optional<Refusal> refused;
    switch (*flow)
    {
    case Flow::next:
        if (auto const code = named_code(decoded))
            mark(targets_, *code);
        else
            refused = check_operand(decoded);
        break;
    case Flow::direct:
        refused = check_target(next + decoded.immediate);
        break;
    case Flow::indirect:
        refused = check_indirect(decoded);
        break;
    }
    if (!refused)
        at_ = next;
    return refused;
}

std::optional<Refusal> Code_scan::pass(const Plain_instruction& plain)
{
    auto const next = at_ + plain.length;
    mark(starts_, at_);
    if (plain.branch)
    {
        if (auto const refused = check_target(next + static_cast<std::uint64_t>(std::int64_t{*plain.branch})))
            return refused;
    }
    at_ = next;
    return {};
}

/// What is negative is beyond the end as well.
std::optional<Refusal> Code_scan::check_target(std::uint64_t target)
{
    OVM_PRESUMES(is_sound());
    if (target >= text_size())
        return Refusal::branch_outside;
    mark(targets_, target);
    OVM_PROMISES(is_marked(targets_, target));
    return {};
}

std::optional<Refusal> Code_scan::check_indirect(const Decoded& decoded) const
{
    if (!has_place(decoded))
        return Refusal::indirect_branch;
    auto const slot = operand_of(decoded);
    // A slot before the constants has a place beyond all others.
    if (!image_.has_import_at(slot - image_.constants_at()))
        return Refusal::indirect_branch;
    return {};
}

std::optional<std::uint64_t> Code_scan::named_code(const Decoded& decoded) const
{
    if (!is_load_of_address(decoded) || !has_place(decoded))
        return {};
    auto const target = operand_of(decoded);
    return target < text_size() ? std::optional(target) : std::nullopt;
}

std::optional<Refusal> Code_scan::check_operand(const Decoded& decoded) const
{
    if (!has_place(decoded))
        return {};
    auto const target = operand_of(decoded);
    std::uint64_t const size = is_load_of_address(decoded) ? 0 : accessed_bytes(decoded);
    if (!is_constant(target) || size > image_.end() - target)
        return Refusal::operand_outside;
    return {};
}

std::optional<Refusal> Code_scan::scan_records()
{
    auto const policies = image_.policies();
    auto const all = records();
    [[maybe_unused]] auto const before = record_;
    for (std::uint32_t i = 0; i < records_a_step && record_ < all; ++i, ++record_)
    {
        OVM_LOOP_INVARIANT(is_sound() && policies == image_.policies() && all == records() && record_ == before + i);
        OVM_VARIANT(records_a_step - i);
        std::uint64_t target = 0;
        if (record_ < policies)
        {
            target = image_.policy(record_).construct;
        }
        else
        {
            auto const at = image_.relocation(record_ - policies).at;
            if (!image_.has_address_at(at))
                return Refusal::place_outside; // Image_check would have found it
            target = image_.address_at(at);
        }
        if (target < text_size())
            mark(targets_, target);
    }
    if (record_ == all)
        phase_ = Phase::comparison;
    return {};
}

std::optional<Refusal> Code_scan::compare()
{
    [[maybe_unused]] auto const before = word_;
    for (std::uint32_t i = 0; i < words_a_step; ++i, word_ += 8)
    {
        OVM_LOOP_INVARIANT(is_sound() && word_ == before + std::size_t{8} * i);
        if (word_ == starts_.size())
        {
            phase_ = Phase::done;
            return {};
        }
        auto const astray =
            arch::load_number(targets_.subspan(word_), 8) & ~arch::load_number(starts_.subspan(word_), 8);
        if (astray != 0)
        {
            at_ = word_ * 8 + static_cast<std::uint64_t>(std::countr_zero(astray));
            return Refusal::not_an_instruction;
        }
    }
    return {};
}

} // namespace ovm::loader
