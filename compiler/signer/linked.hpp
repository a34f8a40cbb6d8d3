#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "signer.hpp"

namespace ovm::compiler::signer
{

/// A module as the linker left it, with the relocations read and nothing else: two pieces of bytes and what has to be
/// done to the second. Addresses count from the text's beginning.
class Linked
{
public:
    /// Refuses, by name, whatever a module's file has no place for.
    static Checked<Linked> read(Bytes_view elf);

    const Bytes& text() const { return text_; }
    const Bytes& constants() const { return constants_; }
    std::uint64_t constants_at() const { return constants_at_; }
    /// Addresses of the words that hold addresses of the module.
    const std::set<std::uint64_t>& relocations() const { return relocations_; }
    /// Names by the address of the word that gets the import's address.
    const std::map<std::uint64_t, std::string>& imports() const { return imports_; }
    /// No call of the module needs more, in bytes. Nothing recurses, so it is at most the sum of all frames.
    std::uint64_t stack() const { return stack_; }
    /// Address of `ovm_module`.
    std::uint64_t table() const { return table_; }

    /// The number of `size` (1, 2, 4, 8) bytes in the constants; none if it is not there.
    std::optional<std::uint64_t> number(std::uint64_t at, unsigned size) const;
    /// An address of the module in its constants, 0 for none.
    std::optional<std::uint64_t> address(std::uint64_t at) const;
    std::optional<std::string> text_at(std::uint64_t at, std::uint64_t size) const;

private:
    friend class Elf_reader;

    Bytes text_{};
    Bytes constants_{};
    std::uint64_t constants_at_ = 0;
    std::set<std::uint64_t> relocations_{};
    std::map<std::uint64_t, std::string> imports_{};
    std::uint64_t table_ = 0;
    std::uint64_t stack_ = 0;
};

} // namespace ovm::compiler::signer
