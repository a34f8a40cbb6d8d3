#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <llvm/IR/DataLayout.h>
#include <llvm/IR/DerivedTypes.h>

namespace ovm::compiler::verifier
{

/// What lies at an address, as the types say.
struct Spot
{
    llvm::Type* type = nullptr; ///< none: not known yet; the first access names it
    std::string leaf{};         ///< of what is no structure: the member of the innermost structure that it is in
};

/// One scalar, or the same scalar in all elements of an array.
struct Cell
{
    std::string key{};
    std::uint64_t offset = 0; ///< bytes from where the search began
    std::uint64_t end = 0;    ///< of the array; offset + bytes for one scalar
    unsigned bytes = 0;
    bool pointer = false;
    bool many = false;              ///< all elements
    std::uint64_t array_offset = 0; ///< of the array of scalars that it is in, and
    std::uint64_t array_bytes = 0;  ///< its size; 0: it is in none
};

/// Memory is cells: the scalar members of the innermost structures. Two accesses meet only in the same member of
/// structures of one type, which is what a subset without casts and unions guarantees.
class Layout
{
public:
    explicit Layout(const llvm::DataLayout& data) : data_(data) {}

    std::uint64_t size(llvm::Type* type) const { return data_.getTypeAllocSize(type); }
    /// What a load or a store of it touches: three bytes of a number of three, though it takes four in an array.
    std::uint64_t stored_size(llvm::Type* type) const { return data_.getTypeStoreSize(type); }
    /// The spot `offset` bytes in; type is none if no member begins there.
    Spot inside(const Spot& at, std::uint64_t offset) const;
    /// The array of bytes that lies there: where it begins, counted from `at`, and how many they are.
    std::optional<std::pair<std::uint64_t, std::uint64_t>> bytes_around(const Spot& at, std::uint64_t offset) const;
    /// The scalar that lies there.
    Spot scalar_at(const Spot& at, std::uint64_t offset) const;
    Spot member(llvm::StructType* type, unsigned index) const;
    Spot element(const Spot& array) const;
    /// What begins at the same address and has that type; none if nothing has. `rows` gets the innermost array that
    /// was entered.
    Spot descend(Spot at, llvm::Type* wanted, llvm::ArrayType** row) const;
    /// All scalars of `size` bytes from there. False: it cuts one, or more than `most` would be needed.
    bool cells(const Spot& at, std::uint64_t offset, std::uint64_t size, std::vector<Cell>& found) const;
    static std::string name(llvm::StructType* type);
    /// Whether one may be a part of the other.
    static bool contains(llvm::Type* whole, llvm::Type* part);
    static bool alike(llvm::Type* a, llvm::Type* b);

private:
    bool collect(const Spot& at, std::uint64_t base, std::uint64_t begin, std::uint64_t end,
                 std::vector<Cell>& found) const;

    const llvm::DataLayout& data_;
};

} // namespace ovm::compiler::verifier
