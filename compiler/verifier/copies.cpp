#include <llvm/IR/Module.h>

#include "execution.hpp"

/// Many bytes at once: memcpy, memmove and memset, member by member.
namespace ovm::compiler::verifier
{

namespace
{

std::uint64_t constant_size(const llvm::MemIntrinsic& call)
{
    auto const* const size = llvm::dyn_cast<llvm::ConstantInt>(call.getLength());
    return size == nullptr ? 0 : size->getZExtValue();
}

bool same_shape(const std::vector<Cell>& a, const std::vector<Cell>& b)
{
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i)
    {
        if (a[i].offset != b[i].offset || a[i].end != b[i].end || a[i].bytes != b[i].bytes || a[i].many != b[i].many ||
            a[i].pointer != b[i].pointer)
            return false;
    }
    return true;
}

/// Few enough bytes of an array as one cell each.
std::vector<Cell> byte_by_byte(const std::vector<Cell>& cells)
{
    constexpr std::uint64_t most = 256;
    std::vector<Cell> single;
    for (auto const& cell : cells)
    {
        if (!cell.many || cell.bytes != 1 || cell.end - cell.offset > most)
        {
            single.push_back(cell);
            continue;
        }
        for (auto at = cell.offset; at < cell.end; ++at)
        {
            single.push_back(cell);
            single.back().offset = at;
            single.back().end = at + 1;
            single.back().many = false;
        }
    }
    return single;
}

} // namespace

const Target& Execution::only_target(const Scalar& pointer, const llvm::Instruction& at) const
{
    if (!pointer.targets || pointer.targets->size() != 1)
        refuse("a copy to or from one of several objects", &at);
    return pointer.targets->front();
}

/// A variable's life begins: nothing of it may be used yet, or all of it is given.
void Execution::fill(llvm::MemTransferInst& copy, State& state, bool given)
{
    auto const pointer = scalar(copy.getDest());
    auto const& target = only_target(pointer, copy);
    auto* const region = target.region;
    if (region == nullptr || region->global != nullptr || constant_size(copy) != region->size)
        refuse("a part of a variable that begins to live", &copy);
    region->given = given;
    auto const prefix = "#" + std::to_string(region->number) + " ";
    for (auto& [key, cells] : state.memory)
    {
        if (!key.starts_with(prefix))
            continue;
        auto const width = widths_.at(key) * 8;
        cells.undefined = std::nullopt;
        if (!given)
            cells.undefined = z3::const_array(logic_.context().bv_sort(64), logic_.ones(width));
        note_write(key, nullptr, !given);
    }
}

void Execution::write_many(State& state, const Target& target, const Cell& cell, const z3::expr& address,
                           const z3::expr& bits)
{
    auto const key = full_key(target, cell);
    auto& into = cells(state, target, cell);
    auto const low = logic_.add(address, logic_.number(cell.offset, 64));
    auto const size = logic_.number(cell.end - cell.offset, 64);
    auto derive = [&](const z3::expr& before, const z3::expr& value)
    {
        auto const array = logic_.fresh_array("set:" + key, cell.bytes * 8);
        derived_.push_back({.array = array,
                            .key = key,
                            .low = low,
                            .size = size,
                            .before = before,
                            .copied = false,
                            .value = value,
                            .source = before,
                            .source_key = key,
                            .from = low});
        return logic_.choose(target.guard, array, before);
    };
    into.values = derive(into.values, bits);
    if (into.undefined)
        into.undefined = derive(*into.undefined, logic_.number(0, cell.bytes * 8));
    spill(state, key);
    note_write(key, nullptr, false);
}

void Execution::copy_many(State& state, const Target& to, const Cell& cell, const z3::expr& address, const Target& from,
                          const Cell& from_cell, const z3::expr& source)
{
    auto const key = full_key(to, cell);
    auto const source_cells = cells(state, from, from_cell);
    auto& into = cells(state, to, cell);
    auto const low = logic_.add(address, logic_.number(cell.offset, 64));
    auto derive = [&](const z3::expr& before, const z3::expr& what)
    {
        auto const array = logic_.fresh_array("copied:" + key, cell.bytes * 8);
        derived_.push_back({.array = array,
                            .key = key,
                            .low = low,
                            .size = logic_.number(cell.end - cell.offset, 64),
                            .before = before,
                            .copied = true,
                            .value = logic_.number(0, cell.bytes * 8),
                            .source = what,
                            .source_key = full_key(from, from_cell),
                            .from = logic_.add(source, logic_.number(from_cell.offset, 64))});
        return logic_.choose(to.guard, array, before);
    };
    auto const none = z3::const_array(logic_.context().bv_sort(64), logic_.number(0, cell.bytes * 8));
    if (into.undefined || source_cells.undefined)
        into.undefined = derive(into.undefined.value_or(none), source_cells.undefined.value_or(none));
    into.values = derive(into.values, source_cells.values);
    spill(state, key);
    note_write(key, nullptr, source_cells.undefined.has_value());
}

void Execution::copy(llvm::MemTransferInst& copy, State& state)
{
    auto* const global = llvm::dyn_cast<llvm::GlobalVariable>(copy.getSource()->stripInBoundsOffsets());
    if (global != nullptr && global->getName().starts_with("ovm.un"))
        return fill(copy, state, global->getName().starts_with("ovm.unknown"));
    auto const size = constant_size(copy);
    if (copy.isVolatile())
        refuse("a volatile access", &copy);
    if (!llvm::isa<llvm::ConstantInt>(copy.getLength()))
        return copy_range(copy, state);
    if (size == 0)
        return;
    auto const to_address = defined(copy.getDest(), state, "an address");
    auto const from_address = defined(copy.getSource(), state, "an address");
    auto const to = scalar(copy.getDest());
    auto const from = scalar(copy.getSource());
    check_access(from, size, copy, state);
    check_access(to, size, copy, state);
    check_effect(to, logic_.number(size, 64), copy, state);
    if (from.targets->size() != 1 || to.targets->size() != 1)
        return copy_between_several(copy, from, to, size, state);
    auto source = only_target(from, copy);
    auto target = only_target(to, copy);
    if (target.region != nullptr && target.region->global != nullptr)
        refuse("a store into a global", &copy);
    // Who does not know its type takes the other's.
    auto knows = [&](const Target& one)
    {
        std::vector<Cell> ignored;
        return one.spot.type != nullptr && !one.spot.type->isIntegerTy(8) &&
               !(one.spot.type->isArrayTy() && one.spot.type->getArrayElementType()->isIntegerTy(8)) &&
               ((one.row && layout_.size(one.spot.type) < size) || layout_.cells(one.spot, 0, size, ignored));
    };
    if (!knows(target) && (target.spot.type == nullptr || target.region != nullptr))
        target.spot = source.spot;
    else if (!knows(source) && (source.spot.type == nullptr || source.region != nullptr))
        source.spot = target.spot;
    if (source.region != nullptr && source.region->global != nullptr)
    {
        // A constant: read it as the target's members.
        for (auto const& cell : cells_at(target, to_address, size, copy))
        {
            if (cell.many)
                refuse("a copy of a large constant", &copy);
            auto& context = function_.getContext();
            auto* const type = cell.pointer ? static_cast<llvm::Type*>(llvm::PointerType::get(context, 0))
                                            : llvm::IntegerType::get(context, cell.bytes * 8);
            auto const offset = logic_.number(cell.offset, 64);
            auto const part = load_constant(source, logic_.add(from_address, offset), type, copy, state);
            write(state, target, cell, logic_.add(to_address, offset), part.bits, part.undefined);
        }
        return;
    }
    auto const into = cells_at(target, to_address, size, copy);
    auto const out = cells_at(source, from_address, size, copy);
    auto is_bytes = [](const Target& one) { return one.region != nullptr && one.region->bytes; };
    bool const alike = same_shape(into, out);
    if (!alike && !is_bytes(source) && !is_bytes(target))
        return copy_from_bytes(copy, target, into, state);
    // Who has types says what is copied. All is read before anything is written: they may overlap.
    auto const parts = alike ? out : byte_by_byte(is_bytes(source) ? into : out);
    std::vector<std::optional<Scalar>> values;
    for (auto const& cell : parts)
    {
        values.emplace_back();
        if (cell.many && !alike)
            refuse("a copy between objects of different types", &copy);
        if (!cell.many)
            values.back() =
                read_bits(part_of(source, cell.offset), logic_.add(from_address, logic_.number(cell.offset, 64)),
                          cell.bytes, copy, state);
    }
    for (std::size_t i = 0; i < parts.size(); ++i)
    {
        auto const& cell = parts[i];
        if (cell.many)
            copy_many(state, target, into[i], to_address, source, out[i], from_address);
        else
            write_bits(part_of(target, cell.offset), logic_.add(to_address, logic_.number(cell.offset, 64)), *values[i],
                       cell.pointer, copy, state);
    }
}

/// An array of bytes becomes numbers, as std::bit_cast does it.
void Execution::copy_from_bytes(llvm::MemTransferInst& copy, const Target& to, const std::vector<Cell>& into,
                                State& state)
{
    auto const bytes = array_at(copy.getSource());
    auto source = only_target(bytes, copy);
    if (!source.row || source.row->stride != 1)
        refuse("a copy between objects of different types", &copy);
    auto at = [&](std::uint64_t offset)
    {
        auto part = source;
        part.address = logic_.add(source.address, logic_.number(offset, 64));
        part.row->index = logic_.add(source.row->index, logic_.number(offset, 64));
        return part;
    };
    auto const byte = cells_at(source, source.address, 1, copy).front();
    std::vector<std::optional<Scalar>> values;
    for (auto const& cell : into)
    {
        if (cell.pointer || (cell.many && cell.bytes != 1))
            refuse("a copy between objects of different types", &copy);
        values.emplace_back();
        auto const part = at(cell.offset);
        if (!cell.many)
            values.back() = read_bits(part, part.address, cell.bytes, copy, state);
    }
    for (std::size_t i = 0; i < into.size(); ++i)
    {
        auto const& cell = into[i];
        if (!cell.many)
        {
            write_bits(part_of(to, cell.offset), logic_.add(to.address, logic_.number(cell.offset, 64)), *values[i],
                       false, copy, state);
            continue;
        }
        auto from = byte;
        from.offset = cell.offset;
        copy_many(state, to, cell, to.address, source, from, source.address);
    }
}

/// Where the pointers may lead to one of several objects: by the members of one that knows its type.
void Execution::copy_between_several(llvm::MemTransferInst& copy, const Scalar& from, const Scalar& to,
                                     std::uint64_t size, State& state)
{
    std::vector<Cell> parts;
    for (auto const* const side : {&to, &from})
    {
        for (auto const& target : *side->targets)
        {
            std::vector<Cell> cells;
            bool const typed = target.spot.type != nullptr && !(target.region != nullptr && target.region->bytes) &&
                               layout_.cells(target.spot, 0, size, cells);
            if (parts.empty() && typed)
                parts = cells;
        }
    }
    if (parts.empty())
        refuse("a copy to or from one of several objects", &copy);
    std::vector<Scalar> values;
    for (auto const& cell : parts)
    {
        if (cell.many)
            refuse("a copy to or from one of several objects", &copy);
        auto& context = function_.getContext();
        auto* const type = cell.pointer ? static_cast<llvm::Type*>(llvm::PointerType::get(context, 0))
                                        : llvm::IntegerType::get(context, cell.bytes * 8);
        auto const offset = logic_.number(cell.offset, 64);
        std::optional<Scalar> value;
        for (auto const& source : *from.targets)
        {
            auto const one =
                load_from(part_of(source, cell.offset), logic_.add(source.address, offset), type, copy, state);
            value = value ? choose(source.guard, one, *value) : one;
        }
        if (!value)
            return;
        values.push_back(*value);
    }
    for (auto const& target : *to.targets)
    {
        for (std::size_t i = 0; i < parts.size(); ++i)
            write_bits(part_of(target, parts[i].offset), logic_.add(target.address, logic_.number(parts[i].offset, 64)),
                       values[i], parts[i].pointer, copy, state);
    }
}

/// The same pointer, so many bytes further.
Target Execution::part_of(const Target& target, std::uint64_t offset) const
{
    if (offset == 0 && target.spot.type != nullptr && !target.spot.type->isAggregateType())
        return target;
    auto part = target;
    if (target.region != nullptr && target.region->bytes)
        return part;
    std::vector<Cell> one;
    if (target.row && offset >= layout_.size(target.spot.type))
        offset %= layout_.size(target.spot.type);
    part.spot = layout_.scalar_at(target.spot, offset);
    part.row = std::nullopt;
    return part;
}

void Execution::set(llvm::MemSetInst& set, State& state)
{
    auto const size = constant_size(set);
    if (set.isVolatile() || !llvm::isa<llvm::ConstantInt>(set.getLength()))
        refuse("a memset of variable size", &set);
    if (size == 0)
        return;
    auto const address = defined(set.getDest(), state, "an address");
    auto const byte = defined(set.getValue(), state, "a value");
    auto const pointer = scalar(set.getDest());
    check_access(pointer, size, set, state);
    check_effect(pointer, logic_.number(size, 64), set, state);
    for (auto const& target : *pointer.targets)
    {
        if (target.region != nullptr && target.region->global != nullptr)
            refuse("a store into a global", &set);
        for (auto const& cell : cells_at(target, address, size, set))
        {
            auto bits = byte;
            for (unsigned i = 1; i < cell.bytes; ++i)
                bits = z3::concat(byte, bits);
            bits = bits.simplify();
            if (cell.pointer && !z3::eq(bits, logic_.number(0, 64)))
                refuse("a pointer made of numbers", &set);
            if (cell.many)
                write_many(state, target, cell, address, bits);
            else
                write(state, target, cell, logic_.add(address, logic_.number(cell.offset, 64)), bits, std::nullopt);
        }
    }
}

} // namespace ovm::compiler::verifier
