#pragma once

#include <cstdint>
#include <string_view>

#include "arch/byte_view.hpp"
#include "base/strong.hpp"
#include "base/text.hpp"

/// Names of the hypervisor's own addresses, out of the table that the build puts into the image (symbol-table).
namespace ovm::arch
{

/// The table: magic `OVMSYMS1`, numbers of functions and of traps, then for each function {offset of its begin from
/// the image's text, offset of its name}, sorted; for each trap instruction {offset, name of its file, line}, sorted;
/// then the names, each ended by a zero. All 32-bit little-endian; name offsets count from the first name.
class Symbol_table
{
public:
    Symbol_table(Byte_view table, Range<Host_virtual> text) : table_(table), text_(text) {}

    /// "function+0x12", or "?" where nothing is known.
    void write_place(Text_writer& into, Host_virtual at) const;
    /// " at file:line" if a trap instruction with a known source is there.
    void write_source(Text_writer& into, Host_virtual at) const;

private:
    bool good() const { return table_.starts_with("OVMSYMS1"); }
    std::uint32_t functions() const { return table_.load32(8); }
    std::uint32_t traps() const { return table_.load32(12); }
    void write_name(Text_writer& into, std::uint32_t offset) const;
    /// Index of the last of `count` records of `width` bytes at `first` whose offset is <= `offset`; count if none.
    std::uint32_t search(std::size_t first, std::uint32_t count, std::size_t width, std::uint64_t offset) const;

    Byte_view table_;
    Range<Host_virtual> text_;
};

} // namespace ovm::arch
