#include <llvm/Analysis/ConstantFolding.h>
#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/Demangle/Demangle.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/GetElementPtrTypeIterator.h>
#include <llvm/IR/Module.h>

#include "execution.hpp"

namespace ovm::compiler::verifier
{

std::string Execution::full_key(const Target& target, const Cell& cell)
{
    return (target.region == nullptr ? std::string() : "#" + std::to_string(target.region->number) + " ") + cell.key;
}

std::vector<Cell> Execution::cells_at(const Target& target, const z3::expr& address, std::uint64_t size,
                                      const llvm::Instruction& at)
{
    std::vector<Cell> found;
    auto spot = target.spot;
    if (target.region != nullptr && target.region->bytes)
    {
        for (std::uint64_t i = 0; i < size; ++i)
            found.push_back({"bytes", i, i + 1, 1, false, false});
        for (auto const& cell : found)
            note_use(target, address, cell, at);
        return found;
    }
    if (spot.type == nullptr)
        spot = tagged(at);
    if (spot.type == nullptr)
        refuse("an access to an object of unknown type", &at);
    // A copy may begin at an element and take several.
    if (target.row && size > layout_.size(spot.type))
    {
        auto const stride = target.row->stride;
        if (stride == 0 || size % stride != 0 || !Layout::alike(target.row->element.type, spot.type))
            refuse("an access to parts of several objects", &at);
        spot = {llvm::ArrayType::get(spot.type, size / stride), spot.leaf};
    }
    if (!layout_.cells(spot, 0, size, found))
        refuse("an access to a part of a member, or beyond its object's type", &at);
    for (auto const& cell : found)
    {
        note_use(target, address, cell, at);
        note_array(target, address, cell);
    }
    return found;
}

/// A local has no declared life of its own as one type: two uses of the same bytes under different keys are refused.
void Execution::note_use(const Target& target, const z3::expr& address, const Cell& cell, const llvm::Instruction& at)
{
    auto const key = full_key(target, cell);
    auto const [width, is_new] = widths_.try_emplace(key, cell.bytes);
    if (width->second != cell.bytes)
        refuse("a member of two widths: " + cell.key, &at);
    if (is_new)
        initial_.emplace(key, logic_.initial_array("memory:" + key, cell.bytes * 8));
    auto* const region = target.region;
    if (region == nullptr || region->global != nullptr || region->bytes)
        return;
    Region::Use use{.key = key, .bytes = cell.bytes};
    auto const begin = logic_.add(address, logic_.number(cell.offset - region->address, 64));
    std::uint64_t start = 0;
    if (begin.is_numeral_u64(start))
        use.start = start;
    else if (target.row)
    {
        auto const first = logic_.add(target.row->base, logic_.number(0 - region->address, 64));
        auto const within = logic_.distance(
            address,
            logic_.add(target.row->base, logic_.folded(target.row->index * logic_.number(target.row->stride, 64))));
        if (!first.is_numeral_u64(start) || !within || !target.row->count.is_numeral_u64(use.count))
            refuse("an access to a local at an address that is not known", &at);
        use.start = start + *within + cell.offset;
        use.stride = target.row->stride;
    }
    else
    {
        // Inside of an element whose index varies.
        use.start = 0;
        use.stride = 0;
        use.count = 0;
    }
    if (cell.many)
    {
        use.count = 0;
    }
    for (auto const& other : region->uses)
    {
        if (other.key == use.key)
            continue;
        if (use.count == 0 || other.count == 0)
        {
            // Only the types tell: both are members of the local's own type.
            if (cell.key.starts_with("local as") || other.key.find(" local as") != std::string::npos)
                refuse("a local used under two types", &at);
            continue;
        }
        auto const end = use.start + use.stride * (use.count - 1) + use.bytes;
        auto const other_end = other.start + other.stride * (other.count - 1) + other.bytes;
        if (end <= other.start || other_end <= use.start)
            continue;
        auto const stride = std::max(use.stride, other.stride);
        bool const comparable = stride != 0 && (use.stride == other.stride || use.count == 1 || other.count == 1);
        auto const apart = comparable ? (use.start + stride * region->size - other.start) % stride : 0;
        if (!comparable || apart < other.bytes || stride - apart < use.bytes)
            refuse("a local used under two types", &at);
    }
    for (auto const& other : region->uses)
    {
        if (other.key == use.key && other.start == use.start && other.stride == use.stride && other.count == use.count)
            return;
    }
    region->uses.push_back(use);
}

Cells& Execution::cells(State& state, const Target& target, const Cell& cell)
{
    auto const key = full_key(target, cell);
    auto const found = state.memory.find(key);
    if (found != state.memory.end())
        return found->second;
    auto begin = begin_of(state, key);
    if (target.region != nullptr && target.region->global == nullptr && !target.region->given)
        begin.undefined = z3::const_array(logic_.context().bv_sort(64), logic_.ones(cell.bytes * 8));
    return state.memory.emplace(key, begin).first->second;
}

void Execution::note_object(const Target& target, const z3::expr& path)
{
    if (target.object == nullptr)
        return;
    for (auto& object : objects_)
    {
        if (Logic::same(object.address, target.origin) && object.type == target.object)
        {
            object.path = logic_.either(object.path, path);
            return;
        }
    }
    objects_.push_back({target.origin, target.object, path});
}

/// Whether cells of one name that were looked at lie in both: or else it makes no difference how far they are apart.
bool Execution::may_meet(llvm::StructType* a, llvm::StructType* b, bool alike) const
{
    auto const cells_of = [&](llvm::StructType* type) -> std::optional<std::multiset<std::string>>
    {
        std::vector<Cell> found;
        if (!layout_.cells({type, ""}, 0, layout_.size(type), found))
            return std::nullopt;
        std::multiset<std::string> names;
        for (auto const& cell : found)
        {
            if (reads_.contains(cell.key))
                names.insert(cell.key);
            // All elements of an array are cells of one name.
            if (cell.many && reads_.contains(cell.key))
                names.insert(cell.key);
        }
        return names;
    };
    auto const of_a = cells_of(a);
    auto const of_b = cells_of(b);
    return !of_a || !of_b ||
           std::any_of(of_a->begin(), of_a->end(),
                       [&](const std::string& name) { return alike ? of_a->count(name) > 1 : of_b->contains(name); });
}

/// By rule: two objects of one type are one, or apart; of two types apart, unless one may be a part of the other.
void Execution::objects_apart(const std::vector<Object>& objects, std::vector<z3::expr>& facts)
{
    for (std::size_t i = 0; i < objects.size(); ++i)
    {
        for (std::size_t j = 0; j < i; ++j)
        {
            auto const& a = objects[i];
            auto const& b = objects[j];
            bool const alike = Layout::alike(a.type, b.type);
            if (logic_.distance(a.address, b.address) ||
                (!alike && (Layout::contains(a.type, b.type) || Layout::contains(b.type, a.type))) ||
                !may_meet(a.type, b.type, alike))
                continue;
            auto const apart = z3::uge(a.address - b.address, logic_.number(layout_.size(b.type), 64)) &&
                               z3::uge(b.address - a.address, logic_.number(layout_.size(a.type), 64));
            auto const claim = alike ? (a.address == b.address || apart) : apart;
            facts.push_back(z3::implies(logic_.both(a.path, b.path), claim));
        }
    }
}

/// By rule: two arrays that are the same member of objects are one, or apart.
void Execution::note_array(const Target& target, const z3::expr& address, const Cell& cell)
{
    if (target.region != nullptr)
        return;
    std::optional<z3::expr> base;
    std::uint64_t bytes = cell.array_bytes;
    std::uint64_t count = 0;
    if (bytes != 0)
        base = logic_.add(address, logic_.number(cell.array_offset, 64));
    else if (target.row && target.row->count.is_numeral_u64(count) && target.spot.type != nullptr &&
             !target.spot.type->isAggregateType())
    {
        base = target.row->base;
        bytes = count * target.row->stride;
    }
    if (!base)
        return;
    auto& list = arrays_[cell.key];
    for (auto const& [other, size] : list)
    {
        if (Logic::same(other, *base))
            return;
    }
    list.emplace_back(*base, bytes);
}

namespace
{

constexpr std::string_view of_span = "span of ";

std::string kind_of(const std::string& key)
{
    return key.substr(key.rfind(':'));
}

} // namespace

/// What a cell holds that this state has not met yet.
Cells Execution::begin_of(const State& state, const std::string& key)
{
    auto cells = first_of(state, key);
    if (!key.starts_with('#'))
    {
        for (auto const range : state.forgotten)
            cells.values = forgotten(range, key, cells.values);
    }
    return cells;
}

Cells Execution::first_of(const State& state, const std::string& key)
{
    bool const is_outside = !key.starts_with('#');
    if (is_outside && state.spilled.contains((key.starts_with(of_span) ? "member" : "span") + kind_of(key)))
        return {logic_.fresh_array("spilled:" + key, widths_.at(key) * 8), std::nullopt};
    return {initial_.at(key), std::nullopt};
}

/// Numbers and pointers that a span leads to may be members of objects that are also reached otherwise: who writes
/// the ones may have written the others of the same width.
void Execution::spill(State& state, const std::string& key)
{
    if (key.starts_with('#'))
        return;
    bool const by_span = key.starts_with(of_span);
    auto const mine = (by_span ? "span" : "member") + kind_of(key);
    state.spilled.insert(mine);
    for (auto* const record : recording_)
        record->spilled.insert(mine);
    for (auto& [other, cells] : state.memory)
    {
        if (other.starts_with('#') || other.starts_with(of_span) == by_span || kind_of(other) != kind_of(key))
            continue;
        cells.values = logic_.fresh_array("spilled:" + other, widths_.at(other) * 8);
        note_write(other, nullptr, false);
    }
}

/// Where a cell is in the arrays of its name: its address without what is added to it in every object alike. So
/// solvers compare objects and no sums.
z3::expr Execution::index_of(const std::string& key, const z3::expr& address)
{
    auto const [base, offset] = Logic::without_offset(address);
    auto const usual = offsets_.try_emplace(key, offset).first->second;
    return logic_.add(base, logic_.number(offset - usual, 64));
}

void Execution::note_read(const std::string& key, const z3::expr& address)
{
    auto& list = reads_[key];
    for (auto const& other : list)
    {
        if (Logic::same(other, address))
            return;
    }
    list.push_back(address);
}

void Execution::note_write(const std::string& key, const z3::expr* address, bool undefined)
{
    for (auto* const record : recording_)
    {
        auto& of_key = record->keys[key];
        of_key.undefined |= undefined;
        if (address == nullptr)
            of_key.all = true;
        else
            of_key.addresses.push_back(*address);
    }
}

} // namespace ovm::compiler::verifier
