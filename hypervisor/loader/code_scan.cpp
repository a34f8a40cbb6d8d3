#include "loader/code_scan.hpp"

#include <bit>

#include "arch/raw_bytes.hpp"
#include "arch/x86_64/instruction/decoder.hpp"
#include "base/contract.hpp"
#include "loader/instruction_rules.hpp"
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

} // namespace

Code_scan::Code_scan(const Module_image& image, std::span<std::uint8_t> memory)
    : image_(image), starts_(memory.first(map_bytes(image))),
      targets_(memory.subspan(map_bytes(image), map_bytes(image)))
{
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
    for (std::uint32_t cost = 0; cost < cost_of_a_step;)
    {
        auto const refused = scan_one(text.subspan(at_), cost);
        if (refused)
            return refused;
        if (at_ == text.size())
        {
            phase_ = Phase::records;
            return {};
        }
    }
    return {};
}

std::optional<Refusal> Code_scan::scan_one(std::span<const std::uint8_t> rest, std::uint32_t& cost)
{
    if (rest.size() >= plain_window)
    {
        if (auto const plain = plain_instruction(rest.first<plain_window>()))
        {
            ++cost;
            return pass(*plain);
        }
    }
    cost += cost_of_decoding;
    auto const decoded = arch::instruction::decode(rest, arch::instruction::Mode::long64);
    if (!decoded)
        return Refusal::undecodable;
    return follow(*decoded);
}

std::optional<Refusal> Code_scan::follow(const Decoded& decoded)
{
    OVM_PRESUMES(is_sound() && at_ < image_.text().size() && decoded.length <= image_.text().size() - at_);
    auto const next = next_address(decoded);
    mark(starts_, at_);
    Flow flow{};
    auto refused = check_instruction(decoded, flow);
    if (!refused)
    {
        switch (flow)
        {
        case Flow::next:
            refused = check_operand(decoded);
            break;
        case Flow::direct:
            refused = check_target(next + decoded.immediate);
            break;
        case Flow::indirect:
            refused = check_indirect(decoded);
            break;
        }
    }
    if (!refused)
        at_ = next;
    OVM_PROMISES(is_sound() && at_ <= image_.text().size());
    return refused;
}

std::optional<Refusal> Code_scan::pass(const Plain_instruction& plain)
{
    OVM_PRESUMES(is_sound() && at_ < image_.text().size() && plain.length <= image_.text().size() - at_);
    auto const next = at_ + plain.length;
    mark(starts_, at_);
    if (plain.is_branch)
    {
        if (auto const refused = check_target(next + static_cast<std::uint64_t>(std::int64_t{plain.displacement})))
            return refused;
    }
    at_ = next;
    OVM_PROMISES(is_sound() && at_ <= image_.text().size());
    return {};
}

/// What is negative is beyond the end as well.
std::optional<Refusal> Code_scan::check_target(std::uint64_t target)
{
    OVM_PRESUMES(is_sound());
    if (target >= image_.text().size())
        return Refusal::branch_outside;
    mark(targets_, target);
    return {};
}

std::optional<Refusal> Code_scan::check_indirect(const Decoded& decoded)
{
    OVM_PRESUMES(is_sound());
    if (!decoded.has_memory || !decoded.memory.rip_relative)
        return Refusal::indirect_branch;
    auto const slot = next_address(decoded) + static_cast<std::uint64_t>(decoded.memory.displacement);
    // A slot before the constants has a place beyond all others.
    if (!image_.has_import_at(slot - image_.constants_at()))
        return Refusal::indirect_branch;
    return {};
}

std::optional<Refusal> Code_scan::check_operand(const Decoded& decoded)
{
    OVM_PRESUMES(is_sound());
    if (!decoded.has_memory || !decoded.memory.rip_relative)
        return {};
    auto const target = next_address(decoded) + static_cast<std::uint64_t>(decoded.memory.displacement);
    bool const is_address = is_load_of_address(decoded);
    if (is_address && target < image_.text().size())
    {
        mark(targets_, target);
        return {};
    }
    std::uint64_t const size = is_address ? 0 : accessed_bytes(decoded);
    if (target < image_.constants_at() || target > image_.end() || size > image_.end() - target)
        return Refusal::operand_outside;
    return {};
}

std::optional<Refusal> Code_scan::scan_records()
{
    OVM_PRESUMES(is_sound() && record_ <= records());
    auto const policies = image_.policies();
    auto const all = records();
    for (std::uint32_t i = 0; i < records_a_step && record_ < all; ++i, ++record_)
    {
        OVM_LOOP_INVARIANT(is_sound() && policies == image_.policies() && all == records());
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
        if (target < image_.text().size())
            mark(targets_, target);
    }
    if (record_ == all)
        phase_ = Phase::comparison;
    return {};
}

std::optional<Refusal> Code_scan::compare()
{
    OVM_PRESUMES(starts_.size() == targets_.size() && starts_.size() % 8 == 0);
    OVM_PRESUMES(word_ % 8 == 0 && word_ <= starts_.size());
    for (std::uint32_t i = 0; i < words_a_step; ++i, word_ += 8)
    {
        OVM_LOOP_INVARIANT(word_ % 8 == 0 && word_ <= starts_.size());
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
