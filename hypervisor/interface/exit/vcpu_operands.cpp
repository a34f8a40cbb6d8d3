#include "interface/exit/vcpu_operands.hpp"

#include "base/bits.hpp"

namespace ovm::interface
{

using arch::instruction::Mode;
using arch::instruction::Segment_register;

Result<Vcpu_operands::Place> Vcpu_operands::place(Segment_register segment, std::uint64_t offset, unsigned size,
                                                  bool write)
{
    auto& state = vcpu_.state();
    auto const name = static_cast<arch::Segment_name>(segment);
    bool const flat =
        state.mode() == Mode::long64 && segment != Segment_register::fs && segment != Segment_register::gs;
    auto linear = flat ? offset : offset + state.segment(name).base;
    if (state.mode() != Mode::long64)
        linear = low_bytes(linear, 4);

    processor::Access const access{.write = write, .execute = false, .user = state.privilege_level() == 3};
    Guest_virtual const at(linear);
    auto const left = page_size - at.offset_in(page_size);
    Place result{};
    result.first = OVM_TRY(vcpu_.translate(at, access));
    result.in_first = left.value() < size ? static_cast<unsigned>(left.value()) : size;
    if (result.in_first < size)
        result.second = OVM_TRY(vcpu_.translate(at + left, access));
    return result;
}

std::uint64_t Vcpu_operands::load_part(Guest_physical at, unsigned size)
{
    if (auto const value = vcpu_.memory().load(at, size))
        return *value;
    return dispatcher_.read_memory(vcpu_, at, size);
}

void Vcpu_operands::store_part(Guest_physical at, unsigned size, std::uint64_t value)
{
    if (!vcpu_.memory().store(at, size, value))
        dispatcher_.write_memory(vcpu_, at, size, value);
}

Result<> Vcpu_operands::set_control(unsigned number, std::uint64_t value)
{
    constexpr std::uint8_t general_protection = 13;
    constexpr std::uint64_t highest_priority = 15;
    bool valid = number == 0 || value <= highest_priority;
    if (number == 0)
        valid = vcpu_.state().write_cr0(value).has_value();
    else if (valid)
    {
        vcpu_.state().set_task_priority(static_cast<std::uint8_t>(value));
        vcpu_.notify();
    }
    if (valid)
        return {};
    vcpu_.inject_exception(general_protection, 0);
    return Error::denied;
}

Result<std::uint64_t> Vcpu_operands::load(Segment_register segment, std::uint64_t offset, unsigned size)
{
    auto const where = OVM_TRY(place(segment, offset, size, false));
    auto value = load_part(where.first, where.in_first);
    if (where.in_first < size)
        value |= load_part(where.second, size - where.in_first) << (where.in_first * 8);
    return value;
}

Result<> Vcpu_operands::store(Segment_register segment, std::uint64_t offset, unsigned size, std::uint64_t value)
{
    auto const where = OVM_TRY(place(segment, offset, size, true));
    store_part(where.first, where.in_first, low_bytes(value, where.in_first));
    if (where.in_first < size)
        store_part(where.second, size - where.in_first, value >> (where.in_first * 8));
    return {};
}

} // namespace ovm::interface
