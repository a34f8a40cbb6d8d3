#include "arch/x86_64/screen.hpp"

#include <atomic>

#include "arch/processor.hpp"
#include "arch/x86_64/layout.hpp"
#include "arch/x86_64/paging.hpp"
#include "arch/x86_64/screen_writer.hpp"

namespace ovm::arch
{

namespace
{

constinit Screen_writer screen{};
/// The loader's, until it has a mapping of its own.
constinit Framebuffer found{};
constinit std::atomic<bool> busy{false};
constinit std::atomic<bool> muted{false};

/// PVH says nothing of a screen; firmware leaves VGA's text mode.
constexpr Framebuffer vga_text{Framebuffer::Kind::text, Host_physical(0xb8000), 160, 80, 25, 16};

Bytes size_of(const Framebuffer& framebuffer)
{
    return Bytes(std::uint64_t{framebuffer.pitch} * framebuffer.height);
}

} // namespace

void find_screen(const Boot_information& information)
{
    found = information.protocol == Boot_protocol::pvh ? vga_text : information.framebuffer;
    // Boot's page tables show the first 4 GiB; what lies above waits for map_screen().
    constexpr std::uint64_t shown = 0x1'0000'0000;
    auto const at = found.address.value();
    if (found.kind != Framebuffer::Kind::none && at < shown && size_of(found).value() <= shown - at)
        screen.use(found, reinterpret_cast<volatile std::uint8_t*>(direct_map.value() + at));
}

void map_screen()
{
    if (found.kind == Framebuffer::Kind::none)
        return;
    auto const at = found.address.value();
    auto const size = size_of(found);
    if (at >= direct_map_size.value() || size > device_area_size / 2)
    {
        screen = {};
        write_serial("OVM: the framebuffer is out of reach: the log is on COM1 alone\n");
        return;
    }
    auto const kind = found.kind == Framebuffer::Kind::text ? Page_kind::uncached : Page_kind::combining;
    auto* const pixels = reinterpret_cast<volatile std::uint8_t*>(map_device(found.address, size, kind).value());
    if (screen.present())
        screen.move_to(pixels);
    else
        screen.use(found, pixels);
}

void write_screen(std::string_view text)
{
    if (!screen.present() || muted.load(std::memory_order_relaxed))
        return;
    for (unsigned i = 0; i < 1'000'000 && busy.exchange(true, std::memory_order_acquire); ++i)
        pause();
    for (char character : text)
        screen.write(character);
    busy.store(false, std::memory_order_release);
}

void mute_screen()
{
    muted = true;
}

void unmute_screen()
{
    muted = false;
}

} // namespace ovm::arch
