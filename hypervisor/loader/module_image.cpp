#include "loader/module_image.hpp"

#include "base/bytes.hpp"
#include "base/contract.hpp"

namespace ovm::loader
{

namespace
{

/// Every section of the header, each with the size of its records.
struct Sized_section
{
    format::Section section{};
    std::uint32_t record = 1;
};

std::array<Sized_section, 8> sections_of(const format::Header& header)
{
    return {{{header.text, 1},
             {header.constants, 1},
             {header.relocations, sizeof(format::Relocation)},
             {header.imports, sizeof(format::Import)},
             {header.policies, sizeof(format::Policy)},
             {header.parameters, sizeof(format::Parameter)},
             {header.strings, 1},
             {header.notes, 1}}};
}

OVM_VERIFIED bool overlap(format::Section one, format::Section other)
{
    return one.size != 0 && other.size != 0 && one.offset < other.end() && other.offset < one.end();
}

OVM_VERIFIED std::optional<Refusal> check_sections(const format::Header& header)
{
    auto const sections = sections_of(header);
    for (std::size_t i = 0; i < sections.size(); ++i)
    {
        auto const& [section, record] = sections[i];
        if (section.offset < sizeof(format::Header) || section.end() > header.size)
            return Refusal::section_outside;
        if (section.size % record != 0)
            return Refusal::section_size;
    }
    for (std::size_t i = 0; i < sections.size(); ++i)
    {
        for (std::size_t j = 0; j < i; ++j)
        {
            if (overlap(sections[i].section, sections[j].section))
                return Refusal::sections_overlap;
        }
    }
    return {};
}

/// What is found good lies within the file, in whole records, and nothing of it twice.
OVM_CONTRACT std::optional<Refusal> contract_of_check_sections(const format::Header& header)
{
    OVM_MODIFIES();
    auto const refusal = OVM_RESULT(check_sections(header));
    auto const sections = sections_of(header);
    for (std::size_t i = 0; i < sections.size(); ++i)
    {
        auto const& [one, record] = sections[i];
        OVM_ENSURES(refusal.has_value() || one.offset >= sizeof(format::Header));
        OVM_ENSURES(refusal.has_value() || one.end() <= header.size);
        OVM_ENSURES(refusal.has_value() || one.size % record == 0);
        for (std::size_t j = 0; j < i; ++j)
        {
            auto const& other = sections[j].section;
            OVM_ENSURES(refusal.has_value() || one.size == 0 || other.size == 0 || other.offset >= one.end() ||
                        one.offset >= other.end());
        }
    }
    return refusal;
}

} // namespace

std::optional<Refusal> Module_image::open(std::span<const std::uint8_t> file, Module_image& image)
{
    if (file.size() < sizeof(format::Envelope) + sizeof(format::Header))
        return Refusal::too_short;
    if (file.size() > format::most_bytes)
        return Refusal::too_large;
    auto const rest = file.subspan(sizeof(format::Envelope));
    auto const header = read<format::Header>(rest);
    if (header.magic != format::magic)
        return Refusal::not_a_module;
    if (header.size != rest.size())
        return Refusal::wrong_size;
    if (auto const refused = check_sections(header))
        return refused;
    image.signed_ = rest;
    image.header_ = header;
    OVM_PROMISES(image.invariant());
    return {};
}

std::optional<std::string_view> Module_image::string(format::String string) const
{
    auto const strings = bytes(header_.strings);
    if (string.offset > strings.size() || string.size > strings.size() - string.offset)
        return {};
    return text_of(strings.subspan(string.offset, string.size));
}

bool Module_image::has_import_at(std::uint64_t at) const
{
    std::uint32_t first = 0;
    std::uint32_t last = imports();
    while (first < last)
    {
        OVM_LOOP_INVARIANT(last <= imports());
        OVM_VARIANT(last - first);
        auto const middle = first + (last - first) / 2;
        if (import(middle).at < at)
            first = middle + 1;
        else
            last = middle;
    }
    return first < imports() && import(first).at == at;
}

} // namespace ovm::loader
