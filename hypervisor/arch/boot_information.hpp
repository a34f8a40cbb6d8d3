#pragma once

#include <cstdint>
#include <optional>

#include "arch/byte_view.hpp"
#include "base/result.hpp"
#include "base/static_vector.hpp"
#include "base/strong.hpp"
#include "base/text.hpp"

/// What the loader said about the machine, in one form for PVH and Multiboot2.
namespace ovm::arch
{

enum class Boot_protocol : std::uint8_t
{
    pvh = 1,
    multiboot2 = 2
};

/// ACPI's address range types (ACPI 6.5, table 15.4).
enum class Memory_type : std::uint8_t
{
    usable = 1,
    reserved = 2,
    acpi_reclaimable = 3,
    acpi_nvs = 4,
    bad = 5
};

struct Memory_range
{
    Range<Host_physical> range{};
    Memory_type type = Memory_type::reserved;
};

struct Framebuffer
{
    enum class Kind : std::uint8_t
    {
        none,
        rgb,
        text
    };
    Kind kind = Kind::none;
    Host_physical address{};
    std::uint32_t pitch = 0; ///< bytes of a line
    std::uint32_t width = 0; ///< pixels; characters of a text screen
    std::uint32_t height = 0;
    std::uint8_t bits = 0; ///< of a pixel
};

struct Boot_information
{
    Boot_protocol protocol = Boot_protocol::pvh;
    Static_vector<Memory_range, 128> memory{};
    Range<Host_physical> archive{};     ///< the first module; empty when there is none
    Range<Host_physical> information{}; ///< the loader's own structure, in use until parsed
    Text<1024> command_line{};
    std::optional<Host_physical> rsdp{};
    Framebuffer framebuffer{};
};

/// hvm_start_info (Xen's public/arch-x86/hvm/start_info.h), version 1 or later.
Result<> parse_pvh(Physical_reader& memory, Host_physical at, Boot_information& into);

/// Multiboot2 specification 3.6.
Result<> parse_multiboot2(Physical_reader& memory, Host_physical at, Boot_information& into);

/// The value of `key=value` on the command line; empty when it is not there.
std::string_view option(const Boot_information& information, std::string_view key);

} // namespace ovm::arch
