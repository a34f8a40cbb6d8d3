#include "linked.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include <elf.h>

#include "problem.hpp"

namespace ovm::compiler::signer
{
namespace
{

constexpr std::string_view link_mend = "link it as `ovmc build` does: ld.lld -shared with compiler/driver/module.ld";

/// What the linker adds for a loader of ELF files; the reader looks into some of it, and none gets into a module.
constexpr std::array<std::string_view, 8> linkers_own{".dynsym",   ".dynstr",  ".hash",     ".gnu.hash",
                                                      ".rela.dyn", ".dynamic", ".rela.plt", ".gnu.version"};

std::string hexadecimal(std::uint64_t number)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    do
        text.insert(text.begin(), digits[number % 16]);
    while ((number /= 16) != 0);
    return "0x" + text;
}

std::unexpected<Problem> damaged(std::string what)
{
    return refuse(std::move(what), "the ELF file is damaged, or not a linked module", std::string(link_mend));
}

} // namespace

/// Takes one file apart.
class Elf_reader
{
public:
    explicit Elf_reader(Bytes_view elf) : elf_(elf) {}

    Checked<Linked> read()
    {
        OVM_TAKE(header, record<Elf64_Ehdr>(0));
        if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
            header.e_machine != EM_X86_64 || header.e_type != ET_DYN)
            return damaged("it is not a shared object for x86-64");
        if (header.e_shentsize != sizeof(Elf64_Shdr))
            return damaged("its section headers have an unknown size");
        for (unsigned i = 0; i < header.e_shnum; ++i)
        {
            OVM_TAKE(section, record<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr)));
            sections_.push_back(section);
        }
        if (header.e_shstrndx >= sections_.size())
            return damaged("it has no names of sections");
        names_ = content(sections_[header.e_shstrndx]);
        // First: of a module without a list of policies the linker leaves nothing.
        if (auto problem = find_table())
            return std::unexpected(*problem);
        if (auto problem = take_sections())
            return std::unexpected(*problem);
        if (auto problem = take_relocations())
            return std::unexpected(*problem);
        if (auto problem = take_frames())
            return std::unexpected(*problem);
        return std::move(linked_);
    }

private:
    template <typename Record>
    Checked<Record> record(std::uint64_t at, Bytes_view from) const
    {
        Record value{};
        if (at > from.size() || sizeof(Record) > from.size() - at)
            return damaged("it ends too early");
        std::memcpy(&value, from.data() + at, sizeof(Record));
        return value;
    }
    template <typename Record>
    Checked<Record> record(std::uint64_t at) const
    {
        return record<Record>(at, elf_);
    }

    /// Nothing if it lies outside of the file.
    Bytes_view content(const Elf64_Shdr& section) const
    {
        if (section.sh_type == SHT_NOBITS || section.sh_offset > elf_.size() ||
            section.sh_size > elf_.size() - section.sh_offset)
            return {};
        return elf_.subspan(section.sh_offset, section.sh_size);
    }

    static std::string name_at(Bytes_view names, std::uint64_t at)
    {
        if (at >= names.size())
            return "?";
        auto const rest = names.subspan(at);
        return {rest.begin(), std::ranges::find(rest, std::uint8_t{0})};
    }

    std::optional<Problem> take_sections()
    {
        for (auto const& section : sections_)
        {
            auto const name = name_at(names_, section.sh_name);
            if ((section.sh_flags & SHF_ALLOC) == 0 || section.sh_size == 0)
                continue;
            if (name == ".text" || name == ".constants")
            {
                auto const bytes = content(section);
                if (bytes.size() != section.sh_size)
                    return damaged("its section '" + name + "' lies outside of the file").error();
                auto& place = name == ".text" ? linked_.text_ : linked_.constants_;
                place.assign(bytes.begin(), bytes.end());
                (name == ".text" ? text_at_ : linked_.constants_at_) = section.sh_addr;
            }
            else if (std::ranges::find(linkers_own, name) == linkers_own.end())
                return refuse(
                           "the module has a section '" + name + "' of " + std::to_string(section.sh_size) + " bytes",
                           (section.sh_flags & SHF_WRITE) != 0
                               ? "a module has no writable data: it may run on every core at once, and its policies' "
                                 "objects are its only state"
                               : "a module is code and constants, nothing else",
                           "make globals constexpr, and keep what changes in a member of the policy")
                    .error();
        }
        if (linked_.text_.empty() || text_at_ != 0)
            return damaged("its code does not begin at address 0").error();
        if (linked_.constants_at_ != (linked_.text_.size() + 4095) / 4096 * 4096)
            return damaged("its constants do not begin at the page behind its code").error();
        return std::nullopt;
    }

    std::optional<Problem> take_relocations()
    {
        for (auto const& section : sections_)
        {
            if (section.sh_type == SHT_REL && (section.sh_flags & SHF_ALLOC) != 0)
                return damaged("it has relocations without addends").error();
            if (section.sh_type != SHT_RELA || (section.sh_flags & SHF_ALLOC) == 0)
                continue;
            if (section.sh_link >= sections_.size())
                return damaged("its relocations have no symbols").error();
            auto const bytes = content(section);
            for (std::uint64_t at = 0; at < bytes.size(); at += sizeof(Elf64_Rela))
            {
                auto const rela = record<Elf64_Rela>(at, bytes);
                if (!rela)
                    return rela.error();
                if (auto problem = take(*rela, sections_[section.sh_link]))
                    return problem;
            }
        }
        return std::nullopt;
    }

    std::optional<Problem> take(const Elf64_Rela& rela, const Elf64_Shdr& symbols)
    {
        auto const end = linked_.constants_at_ + linked_.constants_.size();
        if (rela.r_offset < linked_.constants_at_ || rela.r_offset % 8 != 0 || rela.r_offset > end - 8)
            return refuse("a relocation changes the code at " + hexadecimal(rela.r_offset),
                          "code is placed as it was signed: only words of the constants may be filled in",
                          "compile with -fPIC")
                .error();
        auto const type = ELF64_R_TYPE(rela.r_info);
        if (type != R_X86_64_RELATIVE && type != R_X86_64_GLOB_DAT && type != R_X86_64_64)
            return refuse("a relocation at " + hexadecimal(rela.r_offset) + " is of type " + std::to_string(type),
                          "a module's file knows addresses of the module and of exported functions, nothing else",
                          "leave out what makes it: thread-local variables, indirect functions, lazy binding")
                .error();
        auto const symbol = record<Elf64_Sym>(ELF64_R_SYM(rela.r_info) * sizeof(Elf64_Sym), content(symbols));
        if (!symbol)
            return symbol.error();
        bool const relative = type == R_X86_64_RELATIVE;
        if (!relative && symbol->st_shndx == SHN_UNDEF)
        {
            auto const name = name_at(content(sections_[std::min<std::size_t>(symbols.sh_link, sections_.size() - 1)]),
                                      symbol->st_name);
            if (rela.r_addend != 0)
                return damaged("it wants an address inside of '" + name + "'").error();
            // Only the slots that imports.S (compiler/driver) jumps through are imports.
            constexpr std::string_view prefix = "ovm_import_";
            linked_.imports_.emplace(rela.r_offset, name.starts_with(prefix) ? name.substr(prefix.size()) : name);
            return std::nullopt;
        }
        auto const target = static_cast<std::uint64_t>(rela.r_addend) + (relative ? 0 : symbol->st_value);
        if (target > end)
            return damaged("a relocation at " + hexadecimal(rela.r_offset) + " leads out of the module").error();
        std::memcpy(linked_.constants_.data() + (rela.r_offset - linked_.constants_at_), &target, sizeof(target));
        linked_.relocations_.insert(rela.r_offset);
        return std::nullopt;
    }

    /// Of each function its address, and its frame as ULEB128 (-fstack-size-section).
    std::optional<Problem> take_frames()
    {
        constexpr std::uint64_t call = 16;     ///< return address, and what alignment may cost
        constexpr std::uint64_t imported = 64; ///< the frames of memory functions
        linked_.stack_ = imported;
        std::size_t functions = 0;
        for (auto const& section : sections_)
        {
            if (name_at(names_, section.sh_name) != ".stack_sizes")
                continue;
            auto const bytes = content(section);
            for (std::size_t at = 8; at < bytes.size(); at += 8)
            {
                std::uint64_t size = 0;
                bool more = true;
                for (unsigned shift = 0; more && shift < 63 && at < bytes.size(); shift += 7, ++at)
                {
                    size |= std::uint64_t{bytes[at] & 0x7fu} << shift;
                    more = (bytes[at] & 0x80) != 0;
                }
                linked_.stack_ += size + call;
                ++functions;
            }
        }
        if (functions == 0)
            return refuse("the linked module does not say how large its frames are",
                          "the loader refuses what may overrun a core's stack", "compile it with -fstack-size-section")
                .error();
        return std::nullopt;
    }

    std::optional<Problem> find_table()
    {
        for (auto const& section : sections_)
        {
            if (section.sh_type != SHT_DYNSYM || section.sh_link >= sections_.size())
                continue;
            auto const bytes = content(section);
            for (std::uint64_t at = 0; at < bytes.size(); at += sizeof(Elf64_Sym))
            {
                auto const symbol = record<Elf64_Sym>(at, bytes);
                if (!symbol)
                    return symbol.error();
                if (symbol->st_shndx != SHN_UNDEF &&
                    name_at(content(sections_[section.sh_link]), symbol->st_name) == "ovm_module")
                {
                    linked_.table_ = symbol->st_value;
                    return std::nullopt;
                }
            }
        }
        return refuse("the module provides no policies", "it has no symbol `ovm_module`, which lists them",
                      "add to one source: OVM_MODULE(ovm::object::provides<FAMILY, POLICY>)")
            .error();
    }

    Bytes_view elf_;
    std::vector<Elf64_Shdr> sections_{};
    Bytes_view names_{};
    std::uint64_t text_at_ = 0;
    Linked linked_{};
};

Checked<Linked> Linked::read(Bytes_view elf)
{
    return Elf_reader(elf).read();
}

std::optional<std::uint64_t> Linked::number(std::uint64_t at, unsigned size) const
{
    if (at < constants_at_ || at - constants_at_ > constants_.size() || size > constants_.size() - (at - constants_at_))
        return std::nullopt;
    std::uint64_t value = 0;
    std::memcpy(&value, constants_.data() + (at - constants_at_), size);
    return value;
}

std::optional<std::uint64_t> Linked::address(std::uint64_t at) const
{
    auto const value = number(at, 8);
    // A number that is not relocated is no address, unless it is none.
    if (!value || (*value != 0 && !relocations_.contains(at)) || imports_.contains(at))
        return std::nullopt;
    return relocations_.contains(at) ? value : 0;
}

std::optional<std::string> Linked::text_at(std::uint64_t at, std::uint64_t size) const
{
    if (size == 0)
        return std::string();
    if (at < constants_at_ || at - constants_at_ > constants_.size() || size > constants_.size() - (at - constants_at_))
        return std::nullopt;
    auto const begin = constants_.begin() + static_cast<std::ptrdiff_t>(at - constants_at_);
    return std::string(begin, begin + static_cast<std::ptrdiff_t>(size));
}

} // namespace ovm::compiler::signer
