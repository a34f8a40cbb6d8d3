#include "arch/symbols.hpp"

namespace ovm::arch
{

namespace
{

constexpr std::size_t header_size = 16;
constexpr std::size_t function_size = 8;
constexpr std::size_t trap_size = 12;

} // namespace

std::uint32_t Symbol_table::search(std::size_t first, std::uint32_t count, std::size_t width,
                                   std::uint64_t offset) const
{
    std::uint32_t low = 0;
    std::uint32_t high = count;
    while (low < high)
    {
        auto const middle = low + (high - low) / 2;
        if (table_.load32(first + middle * width) <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? count : low - 1;
}

void Symbol_table::write_name(Text_writer& into, std::uint32_t offset) const
{
    auto const names = header_size + functions() * function_size + traps() * trap_size;
    for (std::size_t at = names + offset; at < table_.size() && table_.load8(at) != 0; ++at)
        into << static_cast<char>(table_.load8(at));
}

void Symbol_table::write_place(Text_writer& into, Host_virtual at) const
{
    auto const offset = (at - text_.begin).value();
    bool const known = good() && text_.contains(at);
    auto const index = known ? search(header_size, functions(), function_size, offset) : functions();
    if (!known || index == functions())
    {
        into << '?';
        return;
    }
    auto const record = header_size + index * function_size;
    write_name(into, table_.load32(record + 4));
    into << '+' << Hex{offset - table_.load32(record)};
}

void Symbol_table::write_source(Text_writer& into, Host_virtual at) const
{
    if (!good() || !text_.contains(at))
        return;
    auto const offset = (at - text_.begin).value();
    auto const first = header_size + functions() * function_size;
    auto const index = search(first, traps(), trap_size, offset);
    auto const record = first + index * trap_size;
    if (index == traps() || table_.load32(record) != offset)
        return;
    into << " at ";
    write_name(into, table_.load32(record + 4));
    into << ':' << table_.load32(record + 8);
}

} // namespace ovm::arch
