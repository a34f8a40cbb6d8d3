#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "arch/raw_bytes.hpp"
#include "base/bits.hpp"
#include "base/contract.hpp"
#include "base/strong.hpp"
#include "loader/format.hpp"
#include "loader/refusal.hpp"

namespace ovm::loader
{

inline constexpr std::uint32_t most_imports = 64;
inline constexpr std::uint32_t most_object = 64 << 10;
inline constexpr std::uint32_t most_symbol = 80; ///< characters of an import's name
/// No parameter is a longer time: a day.
inline constexpr std::uint64_t longest_duration = 86'400'000'000'000;

/// What a file says, record by record. A view, without checks of its own but bounds: Image_check says whether what is
/// read here holds together.
/// Invariant: the header's sections lie inside of the file, once open() gave it.
/// Lifetime:  that of the bytes.
class Module_image
{
public:
    /// No module yet: nothing is in it.
    Module_image() = default;

    /// The part of a file that is signed, if there is an envelope.
    OVM_VERIFIED static std::optional<Refusal> open(std::span<const std::uint8_t> file, Module_image& image);

    const format::Header& header() const { return header_; }
    std::span<const std::uint8_t> text() const { return bytes(header_.text); }
    std::span<const std::uint8_t> constants() const { return bytes(header_.constants); }
    std::span<const std::uint8_t> strings() const { return bytes(header_.strings); }
    std::string_view name() const { return string(header_.name).value_or(std::string_view{}); }

    std::uint32_t relocations() const { return count<format::Relocation>(header_.relocations); }
    std::uint32_t imports() const { return count<format::Import>(header_.imports); }
    std::uint32_t policies() const { return count<format::Policy>(header_.policies); }
    std::uint32_t parameters() const { return count<format::Parameter>(header_.parameters); }
    format::Relocation relocation(std::uint32_t index) const
    {
        return get<format::Relocation>(header_.relocations, index);
    }
    format::Import import(std::uint32_t index) const { return get<format::Import>(header_.imports, index); }
    format::Policy policy(std::uint32_t index) const { return get<format::Policy>(header_.policies, index); }
    format::Parameter parameter(std::uint32_t index) const { return get<format::Parameter>(header_.parameters, index); }
    /// Nothing when it is not among the strings.
    OVM_VERIFIED std::optional<std::string_view> string(format::String string) const;

    /// Whether an import has its slot there, counted from the constants' beginning. Requires that they are in order.
    bool has_import_at(std::uint64_t at) const;

    /// Whether all of an address there is among the constants.
    bool has_address_at(std::uint64_t at) const
    {
        auto const size = header_.constants.size;
        return at <= size && format::address_size <= size - at;
    }
    /// What the constants hold there, counted from the text's beginning. Requires has_address_at().
    std::uint64_t address_at(std::uint64_t at) const
    {
        return arch::load_number(constants().subspan(at), format::address_size);
    }

    // Where things lie in memory, counted from the text's beginning.
    std::uint64_t constants_at() const { return align_up(header_.text.size, page_size.value()); }
    std::uint64_t end() const { return constants_at() + header_.constants.size; }
    /// What it takes in memory.
    Bytes size_in_memory() const { return Bytes(align_up(end(), page_size.value())); }

    /// As of every section once it is open.
    bool is_inside(format::Section section) const { return section.end() <= signed_.size(); }
    /// Whether every section is: so of one that holds no module, and of one that open() gave.
    OVM_CLASS_INVARIANT bool invariant() const
    {
        return is_small() && is_inside(header_.text) && is_inside(header_.constants) &&
               is_inside(header_.relocations) && is_inside(header_.imports) && is_inside(header_.policies) &&
               is_inside(header_.parameters) && is_inside(header_.strings) && is_inside(header_.notes);
    }

private:
    bool is_small() const { return signed_.size() <= format::most_bytes; }

    // What is read is anything, once its section is inside: who reads it says what has to hold.
    OVM_CONTRACT std::optional<std::string_view> contract_of_string(format::String of) const
    {
        OVM_REQUIRES_THAT(is_small() && is_inside(header_.strings));
        OVM_MODIFIES();
        auto const text = OVM_RESULT(string(of));
        OVM_ENSURES(text.has_value() == (std::uint64_t{of.offset} + of.size <= header_.strings.size));
        OVM_ENSURES(!text.has_value() || text->size() == of.size);
        return text;
    }
    OVM_CONTRACT format::Relocation contract_of_relocation(std::uint32_t index) const
    {
        OVM_REQUIRES_THAT(is_small() && is_inside(header_.relocations) && index < relocations());
        OVM_MODIFIES();
        return OVM_RESULT(relocation(index));
    }
    OVM_CONTRACT format::Import contract_of_import(std::uint32_t index) const
    {
        OVM_REQUIRES_THAT(is_small() && is_inside(header_.imports) && index < imports());
        OVM_MODIFIES();
        return OVM_RESULT(import(index));
    }
    OVM_CONTRACT bool contract_of_has_import_at(std::uint64_t at) const
    {
        OVM_REQUIRES_THAT(invariant());
        OVM_MODIFIES();
        return OVM_RESULT(has_import_at(at));
    }
    OVM_CONTRACT format::Policy contract_of_policy(std::uint32_t index) const
    {
        OVM_REQUIRES_THAT(is_small() && is_inside(header_.policies) && index < policies());
        OVM_MODIFIES();
        return OVM_RESULT(policy(index));
    }
    OVM_CONTRACT format::Parameter contract_of_parameter(std::uint32_t index) const
    {
        OVM_REQUIRES_THAT(is_small() && is_inside(header_.parameters) && index < parameters());
        OVM_MODIFIES();
        return OVM_RESULT(parameter(index));
    }

    std::span<const std::uint8_t> bytes(format::Section section) const
    {
        return signed_.subspan(section.offset, section.size);
    }
    template <typename Record>
    static std::uint32_t count(format::Section section)
    {
        return section.size / static_cast<std::uint32_t>(sizeof(Record));
    }
    template <typename Record>
    Record get(format::Section section, std::uint32_t index) const
    {
        OVM_REQUIRES_THAT(index < count<Record>(section));
        return read<Record>(bytes(section).subspan(index * sizeof(Record)));
    }
    template <typename Record>
    static Record read(std::span<const std::uint8_t> bytes)
    {
        std::array<std::uint8_t, sizeof(Record)> record{};
        std::ranges::copy(bytes.first(record.size()), record.begin());
        return std::bit_cast<Record>(record);
    }

    std::span<const std::uint8_t> signed_{};
    format::Header header_{};
};

} // namespace ovm::loader
