#include "interface/boot/aml.hpp"

/// The resource descriptors of ACPI 6.4, section 6.4.
namespace ovm::interface
{

namespace
{

constexpr std::uint8_t buffer_op = 0x11;
constexpr std::uint8_t word_prefix = 0x0b;

constexpr std::uint8_t irq_tag = 0x22;
constexpr std::uint8_t port_tag = 0x47;
constexpr std::uint8_t end_tag = 0x79;
constexpr std::uint8_t fixed_memory_tag = 0x86;
constexpr std::uint8_t dword_window_tag = 0x87;
constexpr std::uint8_t word_window_tag = 0x88;

} // namespace

Aml_writer::Open Aml_writer::open_resources()
{
    name("_CRS");
    into_.number(1, buffer_op);
    return {into_.size()};
}

void Aml_writer::close_resources(Open resources)
{
    into_.number(1, end_tag);
    into_.number(1, 0); // no checksum
    auto const size = into_.size() - resources.content;
    OVM_ASSERT(size <= 0xffff);
    into_.insert(resources.content, 3, word_prefix | size << 8);
    close(resources);
}

void Aml_writer::ports(Port first, std::uint8_t count)
{
    constexpr std::uint8_t decodes_16_bits = 1;
    into_.number(1, port_tag);
    into_.number(1, decodes_16_bits);
    into_.number(2, first.value());
    into_.number(2, first.value());
    into_.number(1, 1); // alignment
    into_.number(1, count);
}

void Aml_writer::irq(std::uint8_t line)
{
    OVM_REQUIRES_THAT(line < 16);
    into_.number(1, irq_tag);
    into_.number(2, std::uint64_t{1} << line);
}

void Aml_writer::fixed_memory(const Range<Guest_physical>& range)
{
    constexpr std::uint8_t writable = 1;
    into_.number(1, fixed_memory_tag);
    into_.number(2, 9);
    into_.number(1, writable);
    into_.number(4, range.begin.value());
    into_.number(4, range.size.value());
}

void Aml_writer::bus_window(std::uint16_t first, std::uint16_t last)
{
    window(Space::bus, 0, 2, first, last);
}

void Aml_writer::port_window(Port first, Port last)
{
    constexpr std::uint8_t all_ports = 3; // neither only ISA's nor only the others
    window(Space::io, all_ports, 2, first.value(), last.value());
}

void Aml_writer::memory_window(const Range<Guest_physical>& range)
{
    constexpr std::uint8_t writable = 1; // and not cacheable
    window(Space::memory, writable, 4, range.begin.value(), range.end().value() - 1);
}

void Aml_writer::window(Space space, std::uint8_t flags, unsigned width, std::uint64_t first, std::uint64_t last)
{
    constexpr std::uint8_t both_ends_fixed = 0x0c;
    into_.number(1, width == 2 ? word_window_tag : dword_window_tag);
    into_.number(2, 3 + 5 * std::uint64_t{width});
    into_.number(1, static_cast<std::uint8_t>(space));
    into_.number(1, both_ends_fixed);
    into_.number(1, flags);
    into_.number(width, 0); // granularity
    into_.number(width, first);
    into_.number(width, last);
    into_.number(width, 0); // translation
    into_.number(width, last - first + 1);
}

} // namespace ovm::interface
