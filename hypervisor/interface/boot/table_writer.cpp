#include "interface/boot/table_writer.hpp"

#include <algorithm>
#include <span>

#include "interface/boot/bytes.hpp"

namespace ovm::interface
{

namespace
{

constexpr std::size_t length_at = 4;
constexpr std::size_t checksum_at = 9;

} // namespace

Table_writer::Table_writer(std::string_view signature, std::uint8_t revision)
{
    OVM_REQUIRES_THAT(signature.size() == 4);
    text(signature);
    number(4, 0); // length: finish()
    number(1, revision);
    number(1, 0); // checksum: finish()
    text("OVM   ");
    text("OVMPC   ");
    number(4, 1);
    text("OVM ");
    number(4, 1);
}

void Table_writer::number(unsigned width, std::uint64_t value)
{
    OVM_REQUIRES_THAT(width <= capacity - size_);
    put_little_endian(bytes_, size_, width, value);
    size_ += width;
}

void Table_writer::text(std::string_view text)
{
    for (char const character : text)
        number(1, static_cast<std::uint8_t>(character));
}

void Table_writer::zeros(std::size_t count)
{
    OVM_REQUIRES_THAT(count <= capacity - size_);
    size_ += count;
}

void Table_writer::insert(std::size_t at, unsigned width, std::uint64_t value)
{
    OVM_REQUIRES_THAT(at <= size_ && width <= capacity - size_);
    auto const all = std::span(bytes_);
    std::ranges::copy_backward(all.subspan(at, size_ - at), all.first(size_ + width).end());
    put_little_endian(bytes_, at, width, value);
    size_ += width;
}

void Table_writer::port_register(Port port, std::uint8_t bits, std::uint8_t access)
{
    constexpr std::uint8_t io_space = 1;
    number(1, io_space);
    number(1, bits);
    number(1, 0);
    number(1, access);
    number(8, port.value());
}

void Table_writer::finish()
{
    put_little_endian(bytes_, length_at, 4, size_);
    bytes_[checksum_at] = 0;
    bytes_[checksum_at] = checksum_of(bytes());
}

std::uint8_t checksum_of(std::span<const std::uint8_t> bytes)
{
    std::uint32_t sum = 0;
    for (auto const byte : bytes)
        sum += byte;
    return static_cast<std::uint8_t>(0x100 - (sum & 0xff));
}

} // namespace ovm::interface
