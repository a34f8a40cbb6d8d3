#include "interface/platform/pci.hpp"

#include "base/bits.hpp"

namespace ovm::interface
{
namespace
{

constexpr std::uint16_t data_port = 0xcfc;
constexpr std::uint32_t address_enabled = 1u << 31;
constexpr std::uint32_t address_bits = 0x80ff'fffc;

/// The header's words that are not zero: vendor and device, command and status, class and revision.
constexpr std::uint32_t command_and_status = 0x0000'0006;
constexpr std::uint32_t class_and_revision = 0x0600'0002;

constexpr bool is_aligned(std::uint64_t offset, unsigned size)
{
    return (size == 1 || size == 2 || size == 4) && offset % size == 0;
}

} // namespace

std::uint32_t Pci_host_bridge::read_configuration(unsigned offset, unsigned size)
{
    std::uint32_t word = 0;
    switch (offset / 4)
    {
    case 0:
        word = vendor_and_device;
        break;
    case 1:
        word = command_and_status;
        break;
    case 2:
        word = class_and_revision;
        break;
    default:
        break;
    }
    return static_cast<std::uint32_t>(low_bytes(word >> (offset % 4 * 8), size));
}

Result<> Pci_bus::add(unsigned slot, unsigned function, Pci_function& owner)
{
    if (slot >= 32 || function >= 8)
        return Error::out_of_range;
    auto const place = slot * 8 + function;
    if (find(place) != nullptr)
        return Error::exists;
    return functions_.push_back({place, &owner});
}

void Pci_bus::reset()
{
    Lock_guard const guard(lock_);
    address_ = 0;
}

Pci_function* Pci_bus::find(unsigned place) const
{
    for (auto const& entry : functions_)
    {
        if (entry.place == place)
            return entry.owner;
    }
    return nullptr;
}

std::uint32_t Pci_bus::read_target(const Target& target, unsigned size) const
{
    auto* const owner = find(target.place);
    // Nobody claims the cycle: the bridge answers all-ones (PCI 3.0, 6.1).
    return owner == nullptr
               ? static_cast<std::uint32_t>(mask(0, size * 8))
               : static_cast<std::uint32_t>(low_bytes(owner->read_configuration(target.offset, size), size));
}

void Pci_bus::write_target(const Target& target, unsigned size, std::uint32_t value) const
{
    if (auto* const owner = find(target.place))
        owner->write_configuration(target.offset, size, static_cast<std::uint32_t>(low_bytes(value, size)));
}

bool Pci_bus::decode_locked(std::uint16_t port, unsigned size, Target& target) const
{
    if (port < data_port || port >= first_port + port_count || !is_aligned(port, size))
        return false;
    if (!(address_ & address_enabled) || field(address_, 16, 8) != 0)
        return false;
    target.place = static_cast<unsigned>(field(address_, 8, 8));
    target.offset = static_cast<unsigned>((address_ & 0xfc) | (port & 3));
    return true;
}

std::uint32_t Pci_bus::read(std::uint16_t port, unsigned size)
{
    Target target{};
    {
        Lock_guard const guard(lock_);
        if (port == first_port && size == 4)
            return address_;
        if (port == Reset_control::reset_port && size == 1)
            return reset_control_.read_byte(port);
        if (!decode_locked(port, size, target))
            return static_cast<std::uint32_t>(mask(0, size * 8));
    }
    return read_target(target, size);
}

void Pci_bus::write(std::uint16_t port, unsigned size, std::uint32_t value)
{
    Target target{};
    {
        Lock_guard const guard(lock_);
        if (port == first_port && size == 4)
        {
            address_ = value & address_bits;
            return;
        }
        bool const resets = port == Reset_control::reset_port && size == 1;
        if (!resets && !decode_locked(port, size, target))
            return;
    }
    if (port == Reset_control::reset_port)
        reset_control_.write_byte(port, static_cast<std::uint8_t>(value));
    else
        write_target(target, size, value);
}

std::uint32_t Pci_bus::read_ecam_word(std::uint64_t offset, unsigned size) const
{
    if (offset >= ecam_size || !is_aligned(offset, size))
        return static_cast<std::uint32_t>(low_bytes(~std::uint64_t{0}, size));
    return read_target({static_cast<unsigned>(offset >> 12), static_cast<unsigned>(offset & 0xfff)}, size);
}

void Pci_bus::write_ecam_word(std::uint64_t offset, unsigned size, std::uint32_t value) const
{
    if (offset < ecam_size && is_aligned(offset, size))
        write_target({static_cast<unsigned>(offset >> 12), static_cast<unsigned>(offset & 0xfff)}, size, value);
}

std::uint64_t Pci_bus::read_ecam(std::uint64_t offset, unsigned size)
{
    if (size != 8)
        return read_ecam_word(offset, size);
    return read_ecam_word(offset, 4) | std::uint64_t{read_ecam_word(offset + 4, 4)} << 32;
}

void Pci_bus::write_ecam(std::uint64_t offset, unsigned size, std::uint64_t value)
{
    write_ecam_word(offset, size == 8 ? 4 : size, static_cast<std::uint32_t>(value));
    if (size == 8)
        write_ecam_word(offset + 4, 4, static_cast<std::uint32_t>(value >> 32));
}

} // namespace ovm::interface
