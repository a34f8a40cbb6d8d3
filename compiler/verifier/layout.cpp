#include "layout.hpp"

#include <algorithm>

#include <llvm/Support/raw_ostream.h>

namespace ovm::compiler::verifier
{

namespace
{

/// Arrays of more elements are treated as one.
constexpr std::uint64_t few = 8;

bool is_structure(llvm::Type* type)
{
    return type != nullptr && type->isStructTy();
}

} // namespace

std::string Layout::name(llvm::StructType* type)
{
    if (!type->hasName())
    {
        std::string text;
        llvm::raw_string_ostream(text) << *type;
        return text;
    }
    auto name = type->getName();
    if (!name.consume_front("class.") && !name.consume_front("struct."))
        name.consume_front("union.");
    // Linking numbers types of one name; a base class without its padding has a name of its own.
    for (auto dot = name.rfind('.'); dot != llvm::StringRef::npos; dot = name.rfind('.'))
    {
        auto const tail = name.substr(dot + 1);
        if (tail != "base" && tail.find_first_not_of("0123456789") != llvm::StringRef::npos)
            break;
        name = name.substr(0, dot);
    }
    return name.str();
}

bool Layout::alike(llvm::Type* a, llvm::Type* b)
{
    if (a == b)
        return true;
    auto* const first = llvm::dyn_cast_or_null<llvm::StructType>(a);
    auto* const second = llvm::dyn_cast_or_null<llvm::StructType>(b);
    if (first == nullptr || second == nullptr || !first->hasName() || !second->hasName() || name(first) != name(second))
        return false;
    // Templates have one name for all; and a base class without its padding is the beginning of the whole.
    auto const common = std::min(first->getNumElements(), second->getNumElements());
    for (unsigned i = 0; i < common; ++i)
    {
        if (!alike(first->getElementType(i), second->getElementType(i)))
            return false;
    }
    return true;
}

bool Layout::contains(llvm::Type* whole, llvm::Type* part)
{
    if (alike(whole, part))
        return true;
    if (auto* const array = llvm::dyn_cast<llvm::ArrayType>(whole))
        return contains(array->getElementType(), part);
    auto* const structure = llvm::dyn_cast<llvm::StructType>(whole);
    return structure != nullptr && std::any_of(structure->element_begin(), structure->element_end(),
                                               [&](llvm::Type* element) { return contains(element, part); });
}

Spot Layout::member(llvm::StructType* type, unsigned index) const
{
    auto const offset = data_.getStructLayout(type)->getElementOffset(index).getFixedValue();
    return {type->getElementType(index), name(type) + "+" + std::to_string(offset)};
}

Spot Layout::element(const Spot& array) const
{
    return {llvm::cast<llvm::ArrayType>(array.type)->getElementType(), array.leaf};
}

Spot Layout::inside(const Spot& at, std::uint64_t offset) const
{
    auto spot = at;
    for (;;)
    {
        if (spot.type == nullptr || (offset == 0 && !is_structure(spot.type)))
            return spot;
        if (auto* const structure = llvm::dyn_cast<llvm::StructType>(spot.type))
        {
            if (offset == 0)
                return spot;
            auto const* const layout = data_.getStructLayout(structure);
            if (offset >= layout->getSizeInBytes())
                return {};
            auto const index = layout->getElementContainingOffset(offset);
            offset -= layout->getElementOffset(index).getFixedValue();
            spot = member(structure, index);
        }
        else if (auto* const array = llvm::dyn_cast<llvm::ArrayType>(spot.type))
        {
            auto const stride = size(array->getElementType());
            if (stride == 0 || offset / stride >= array->getNumElements())
                return {};
            offset %= stride;
            spot = element(spot);
        }
        else
            return {};
    }
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> Layout::bytes_around(const Spot& at, std::uint64_t offset) const
{
    std::uint64_t begin = 0;
    for (auto* type = at.type; type != nullptr && type->isAggregateType() && offset - begin < size(type);)
    {
        if (auto* const structure = llvm::dyn_cast<llvm::StructType>(type))
        {
            auto const* const layout = data_.getStructLayout(structure);
            auto const index = layout->getElementContainingOffset(offset - begin);
            begin += layout->getElementOffset(index).getFixedValue();
            type = structure->getElementType(index);
            continue;
        }
        auto* const array = llvm::cast<llvm::ArrayType>(type);
        type = array->getElementType();
        if (type->isIntegerTy(8))
            return std::pair(begin, array->getNumElements());
        begin += (offset - begin) / size(type) * size(type);
    }
    return {};
}

Spot Layout::scalar_at(const Spot& at, std::uint64_t offset) const
{
    auto spot = inside(at, offset);
    while (spot.type != nullptr && spot.type->isAggregateType())
    {
        if (auto* const structure = llvm::dyn_cast<llvm::StructType>(spot.type))
            spot = structure->getNumElements() == 0 ? Spot{} : member(structure, 0);
        else
            spot = element(spot);
    }
    return spot;
}

Spot Layout::descend(Spot at, llvm::Type* wanted, llvm::ArrayType** row) const
{
    for (;;)
    {
        if (at.type == nullptr || alike(at.type, wanted))
            return at;
        if (auto* const structure = llvm::dyn_cast<llvm::StructType>(at.type))
        {
            if (structure->getNumElements() == 0)
                return {};
            at = member(structure, 0);
        }
        else if (auto* const array = llvm::dyn_cast<llvm::ArrayType>(at.type))
        {
            if (row != nullptr)
                *row = array;
            at = element(at);
        }
        else
            return {};
    }
}

bool Layout::collect(const Spot& at, std::uint64_t base, std::uint64_t begin, std::uint64_t end,
                     std::vector<Cell>& found) const
{
    auto const bytes = size(at.type);
    if (base + bytes <= begin || base >= end)
        return true;
    if (auto* const structure = llvm::dyn_cast<llvm::StructType>(at.type))
    {
        auto const* const layout = data_.getStructLayout(structure);
        for (unsigned i = 0; i < structure->getNumElements(); ++i)
        {
            if (!collect(member(structure, i), base + layout->getElementOffset(i).getFixedValue(), begin, end, found))
                return false;
        }
        return true;
    }
    if (auto* const array = llvm::dyn_cast<llvm::ArrayType>(at.type))
    {
        auto const stride = size(array->getElementType());
        auto const count = array->getNumElements();
        // Padding, and what has no bytes.
        if (stride == 0 || count == 0)
            return true;
        if (count > few && begin <= base && base + bytes <= end)
        {
            std::vector<Cell> one;
            if (!collect(element(at), 0, 0, stride, one))
                return false;
            for (auto& cell : one)
            {
                if (cell.many)
                    return false;
                cell.offset += base;
                cell.end = base + bytes;
                cell.many = true;
                cell.array_offset = cell.array_bytes != 0 ? cell.array_offset + base : base;
                cell.array_bytes = bytes;
                found.push_back(cell);
            }
            return true;
        }
        auto const first = found.size();
        for (std::uint64_t i = begin > base ? (begin - base) / stride : 0; i < count && base + i * stride < end; ++i)
        {
            if (!collect(element(at), base + i * stride, begin, end, found))
                return false;
        }
        for (auto i = first; i < found.size() && !array->getElementType()->isStructTy(); ++i)
        {
            found[i].array_offset = base;
            found[i].array_bytes = bytes;
        }
        return true;
    }
    if (base < begin || base + bytes > end)
        return false;
    auto const kind = at.type->isPointerTy() ? std::string("p") : std::to_string(bytes);
    found.push_back(
        {at.leaf + ":" + kind, base, base + bytes, static_cast<unsigned>(bytes), at.type->isPointerTy(), false});
    return true;
}

bool Layout::cells(const Spot& at, std::uint64_t offset, std::uint64_t size, std::vector<Cell>& found) const
{
    return at.type != nullptr && offset + size <= this->size(at.type) && collect(at, 0, offset, offset + size, found);
}

} // namespace ovm::compiler::verifier
