#include "interface/boot/aml.hpp"

namespace ovm::interface
{

namespace
{

/// Opcodes, ACPI 6.4, section 20.3.
constexpr std::uint8_t zero_op = 0x00;
constexpr std::uint8_t one_op = 0x01;
constexpr std::uint8_t name_op = 0x08;
constexpr std::uint8_t byte_prefix = 0x0a;
constexpr std::uint8_t word_prefix = 0x0b;
constexpr std::uint8_t dword_prefix = 0x0c;
constexpr std::uint8_t qword_prefix = 0x0e;
constexpr std::uint8_t scope_op = 0x10;
constexpr std::uint8_t package_op = 0x12;
constexpr std::uint8_t extended_prefix = 0x5b;
constexpr std::uint8_t device_op = 0x82;

} // namespace

Aml_writer::Open Aml_writer::open_scope(std::string_view name)
{
    into_.number(1, scope_op);
    Open const open{into_.size()};
    name_string(name);
    return open;
}

Aml_writer::Open Aml_writer::open_device(std::string_view name)
{
    into_.number(1, extended_prefix);
    into_.number(1, device_op);
    Open const open{into_.size()};
    name_string(name);
    return open;
}

Aml_writer::Open Aml_writer::open_package(std::uint8_t elements)
{
    into_.number(1, package_op);
    Open const open{into_.size()};
    into_.number(1, elements);
    return open;
}

/// The length that stands before the content counts itself (ACPI 6.4, section 20.2.4).
void Aml_writer::close(Open object)
{
    auto const content = into_.size() - object.content;
    if (content + 1 < 0x40)
        into_.insert(object.content, 1, content + 1);
    else
    {
        auto const length = content + 2;
        OVM_ASSERT(length < 0x1000);
        into_.insert(object.content, 2, 0x40 | (length & 0xf) | (length >> 4 << 8));
    }
}

void Aml_writer::name_string(std::string_view name)
{
    if (!name.empty() && name.front() == '\\')
    {
        into_.text("\\");
        name.remove_prefix(1);
    }
    OVM_REQUIRES_THAT(!name.empty() && name.size() <= 4);
    into_.text(name);
    into_.text(std::string_view("____").substr(name.size()));
}

void Aml_writer::name(std::string_view name)
{
    into_.number(1, name_op);
    name_string(name);
}

void Aml_writer::integer(std::uint64_t value)
{
    if (value <= 1)
        into_.number(1, value == 0 ? zero_op : one_op);
    else
    {
        unsigned const width = value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffff'ffff ? 4 : 8;
        into_.number(1, width == 1 ? byte_prefix : width == 2 ? word_prefix : width == 4 ? dword_prefix : qword_prefix);
        into_.number(width, value);
    }
}

void Aml_writer::integer(std::string_view its_name, std::uint64_t value)
{
    name(its_name);
    integer(value);
}

/// Three letters of five bits, then four hexadecimal digits; big endian (ACPI 6.4, section 19.6.37).
void Aml_writer::eisa_id(std::string_view its_name, std::string_view identifier)
{
    OVM_REQUIRES_THAT(identifier.size() == 7);
    std::uint32_t value = 0;
    for (char const letter : identifier.substr(0, 3))
        value = value << 5 | ((static_cast<std::uint32_t>(letter) - 0x40) & 0x1f);
    for (char const digit : identifier.substr(3))
    {
        auto const code = static_cast<std::uint32_t>(digit);
        value = value << 4 | ((digit <= '9' ? code - '0' : code - 'A' + 10) & 0xf);
    }
    name(its_name);
    into_.number(1, dword_prefix);
    into_.number(4, __builtin_bswap32(value));
}

} // namespace ovm::interface
