#pragma once

#include <cstring>
#include <string>
#include <vector>

#include <elf.h>

#include "compiler/signer/signer.hpp"

namespace ovm::compiler::signer::test
{

/// Puts a linked module together, right or wrong, as ld.lld does with the linker script of modules.
class Elf_builder
{
public:
    static constexpr std::uint64_t constants_at = 0x1000;

    struct Section
    {
        std::string name{};
        std::uint32_t type = SHT_PROGBITS;
        std::uint64_t flags = 0;
        std::uint64_t address = 0;
        Bytes content{};
        std::uint32_t link = 0;
    };

    Bytes text = Bytes(64, 0xcc);
    Bytes constants{};
    std::vector<Elf64_Rela> relocations{};
    std::vector<Section> more{};

    /// Eight bytes at the end of the constants; their address.
    std::uint64_t word(std::uint64_t value)
    {
        auto const at = constants_at + constants.size();
        append(constants, value);
        return at;
    }
    /// As word(), for an address of the module.
    std::uint64_t address(std::uint64_t target)
    {
        auto const at = word(0);
        relocations.push_back({at, ELF64_R_INFO(0, R_X86_64_RELATIVE), static_cast<std::int64_t>(target)});
        return at;
    }
    std::uint64_t import(const std::string& name, std::int64_t addend = 0)
    {
        auto const at = word(0);
        relocations.push_back({at, ELF64_R_INFO(symbol(name, 0, SHN_UNDEF), R_X86_64_GLOB_DAT), addend});
        return at;
    }
    std::uint64_t string(const std::string& characters)
    {
        auto const at = constants_at + constants.size();
        constants.insert(constants.end(), characters.begin(), characters.end());
        constants.resize((constants.size() + 7) / 8 * 8);
        return at;
    }
    std::uint32_t symbol(const std::string& name, std::uint64_t value, std::uint16_t section)
    {
        Elf64_Sym symbol{};
        symbol.st_name = static_cast<std::uint32_t>(names_.size());
        symbol.st_value = value;
        symbol.st_shndx = section;
        names_ += name + '\0';
        symbols_.push_back(symbol);
        return static_cast<std::uint32_t>(symbols_.size() - 1);
    }

    Bytes finish() const
    {
        std::vector<Section> sections{{.type = SHT_NULL},
                                      {".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0, text},
                                      {".constants", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, constants_at, constants},
                                      {".dynsym", SHT_DYNSYM, SHF_ALLOC, 0x9000, bytes_of(symbols_), 4},
                                      {".dynstr", SHT_STRTAB, SHF_ALLOC, 0xa000, Bytes(names_.begin(), names_.end())},
                                      {".rela.dyn", SHT_RELA, SHF_ALLOC, 0xb000, bytes_of(relocations), 3},
                                      {".stack_sizes", SHT_PROGBITS, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x01}}};
        sections.insert(sections.end(), more.begin(), more.end());
        std::string names(1, '\0');
        std::vector<Elf64_Shdr> headers;
        Bytes file(sizeof(Elf64_Ehdr));
        sections.push_back({".shstrtab", SHT_STRTAB});
        for (auto& section : sections)
        {
            Elf64_Shdr header{};
            header.sh_name = static_cast<std::uint32_t>(names.size());
            names += section.name + '\0';
            if (section.name == ".shstrtab")
                section.content.assign(names.begin(), names.end());
            header.sh_type = section.type;
            header.sh_flags = section.flags;
            header.sh_addr = section.address;
            header.sh_offset = file.size();
            header.sh_size = section.content.size();
            header.sh_link = section.link;
            file.insert(file.end(), section.content.begin(), section.content.end());
            headers.push_back(header);
        }
        Elf64_Ehdr header{};
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_type = ET_DYN;
        header.e_machine = EM_X86_64;
        header.e_shoff = file.size();
        header.e_shentsize = sizeof(Elf64_Shdr);
        header.e_shnum = static_cast<std::uint16_t>(headers.size());
        header.e_shstrndx = static_cast<std::uint16_t>(headers.size() - 1);
        auto const table = bytes_of(headers);
        file.insert(file.end(), table.begin(), table.end());
        std::memcpy(file.data(), &header, sizeof(header));
        return file;
    }

private:
    template <typename Record>
    static Bytes bytes_of(const std::vector<Record>& records)
    {
        Bytes bytes(records.size() * sizeof(Record));
        if (!bytes.empty())
            std::memcpy(bytes.data(), records.data(), bytes.size());
        return bytes;
    }
    static void append(Bytes& bytes, std::uint64_t value)
    {
        for (unsigned shift = 0; shift < 64; shift += 8)
            bytes.push_back(static_cast<std::uint8_t>(value >> shift));
    }

    std::vector<Elf64_Sym> symbols_ = std::vector<Elf64_Sym>(1);
    std::string names_ = std::string(1, '\0');
};

/// A module with one policy that has one parameter.
inline Elf_builder one_policy(const std::string& name = "mine", std::uint64_t initial = 5, std::uint64_t most = 9)
{
    Elf_builder elf;
    auto const text = elf.string(name);
    auto const meaning = elf.string("does it");
    auto const parameter_text = elf.string("slice");
    auto const parameter = elf.address(parameter_text);
    elf.word(5);
    elf.word(1); // nanoseconds
    elf.word(initial);
    elf.word(2);
    elf.word(most);
    elf.address(meaning);
    elf.word(7);
    auto const description = elf.address(text);
    elf.word(name.size());
    elf.address(meaning);
    elf.word(7);
    elf.address(parameter);
    elf.word(1);
    auto const provided = elf.word(std::uint64_t{24} << 32 | 1); // a scheduler, 24 bytes
    elf.word(8);
    elf.address(description);
    elf.address(0x10);
    auto const table = elf.address(provided);
    elf.word(0);
    elf.symbol("ovm_module", table, 2);
    elf.import("memset");
    return elf;
}

} // namespace ovm::compiler::signer::test
