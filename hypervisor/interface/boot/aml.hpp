#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/strong.hpp"
#include "interface/boot/table_writer.hpp"

namespace ovm::interface
{

/// Writes the few constructs of the ACPI Machine Language that a PC's description needs (ACPI 6.4, chapter 20; the
/// resource descriptors: section 6.4). Objects nest: each open_...() wants its close, the last opened first.
class Aml_writer
{
public:
    /// Where an object that is still open begins.
    struct Open
    {
        std::size_t content = 0;
    };

    explicit Aml_writer(Table_writer& into) : into_(into) {}

    /// A name is up to four characters, after an optional backslash for the root.
    Open open_scope(std::string_view name);
    Open open_device(std::string_view name);
    Open open_package(std::uint8_t elements);
    void close(Open object);

    /// The name of the object that follows.
    void name(std::string_view name);
    void integer(std::uint64_t value);
    /// A name with an integer.
    void integer(std::string_view its_name, std::uint64_t value);
    /// A name with an identifier like PNP0501.
    void eisa_id(std::string_view its_name, std::string_view identifier);

    /// `_CRS`, with the resources that follow up to close_resources().
    Open open_resources();
    void close_resources(Open resources);
    void ports(Port first, std::uint8_t count);
    void irq(std::uint8_t line);
    void fixed_memory(const Range<Guest_physical>& range);
    /// What a bridge passes on; both ends included.
    void bus_window(std::uint16_t first, std::uint16_t last);
    void port_window(Port first, Port last);
    void memory_window(const Range<Guest_physical>& range);

private:
    enum class Space : std::uint8_t
    {
        memory = 0,
        io = 1,
        bus = 2,
    };

    void name_string(std::string_view name);
    void window(Space space, std::uint8_t flags, unsigned width, std::uint64_t first, std::uint64_t last);

    Table_writer& into_;
};

} // namespace ovm::interface
