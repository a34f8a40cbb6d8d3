#include "launcher/archive/cpio_writer.hpp"

#include <cstdint>
#include <format>
#include <utility>

namespace ovm::launcher
{

namespace
{

constexpr std::string_view magic = "070702";
constexpr std::string_view trailer = "TRAILER!!!";
constexpr unsigned regular_file = 0100644;

std::uint32_t sum_of(std::string_view data)
{
    std::uint32_t sum = 0;
    for (char const byte : data)
        sum += static_cast<unsigned char>(byte);
    return sum;
}

} // namespace

void Cpio_writer::pad(std::size_t unit)
{
    bytes_.append((unit - bytes_.size() % unit) % unit, '\0');
}

void Cpio_writer::append(std::string_view name, std::string_view data, unsigned mode, unsigned inode)
{
    bytes_ += magic;
    auto const number = [this](std::uint64_t value) { bytes_ += std::format("{:08X}", value); };
    number(inode);
    number(mode);
    number(0); // user
    number(0); // group
    number(1); // links
    number(0); // time
    number(data.size());
    for (int i = 0; i < 4; ++i) // devices
        number(0);
    number(name.size() + 1);
    number(sum_of(data));
    bytes_ += name;
    bytes_ += '\0';
    pad(4);
    bytes_ += data;
    pad(4);
}

void Cpio_writer::add(std::string_view name, std::string_view data)
{
    append(name, data, regular_file, ++inode_);
}

std::string Cpio_writer::finish() &&
{
    append(trailer, {}, 0, 0);
    pad(512);
    return std::move(bytes_);
}

} // namespace ovm::launcher
