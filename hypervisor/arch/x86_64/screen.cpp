#include "arch/x86_64/screen.hpp"

#include <atomic>

#include "arch/processor.hpp"
#include "arch/x86_64/font.hpp"
#include "arch/x86_64/layout.hpp"
#include "arch/x86_64/paging.hpp"

namespace ovm::arch
{

namespace
{

constexpr std::uint32_t cell_width = 8;
constexpr std::uint32_t cell_height = 16;
constexpr std::uint16_t text_attribute = 0x0700;

/// Lines go from top to bottom and then from the top again, with a gap ahead of the newest: nothing is ever read back
/// or moved, which framebuffers do slowly.
class Screen
{
public:
    void use(const Framebuffer& framebuffer, std::uint64_t at)
    {
        info_ = framebuffer;
        pixels_ = reinterpret_cast<volatile std::uint8_t*>(at);
        bool const text = info_.kind == Framebuffer::Kind::text;
        columns_ = text ? info_.width : info_.width / cell_width;
        rows_ = text ? info_.height : info_.height / cell_height;
        if (columns_ == 0 || rows_ < 2)
            pixels_ = nullptr;
    }
    bool present() const { return pixels_ != nullptr; }
    void move_to(std::uint64_t at) { pixels_ = reinterpret_cast<volatile std::uint8_t*>(at); }
    const Framebuffer& info() const { return info_; }

    void write(char character)
    {
        if (character == '\r')
            return;
        if (!started_ || character == '\n' || column_ >= columns_)
        {
            row_ = started_ ? (row_ + 1) % rows_ : 0;
            started_ = true;
            column_ = 0;
            clear_row(row_);
            clear_row((row_ + 1) % rows_);
        }
        if (character == '\n')
            return;
        put(character);
        ++column_;
    }

private:
    void clear_row(std::uint32_t row)
    {
        if (info_.kind == Framebuffer::Kind::text)
        {
            for (std::uint32_t i = 0; i < columns_; ++i)
                *reinterpret_cast<volatile std::uint16_t*>(pixels_ + row * info_.pitch + i * 2) = text_attribute | ' ';
            return;
        }
        std::uint64_t const size = std::uint64_t{cell_height} * info_.pitch;
        auto* const begin = pixels_ + std::uint64_t{row} * size;
        for (std::uint64_t i = 0; i + 8 <= size; i += 8)
            *reinterpret_cast<volatile std::uint64_t*>(begin + i) = 0;
    }

    void put(char character)
    {
        if (info_.kind == Framebuffer::Kind::text)
        {
            *reinterpret_cast<volatile std::uint16_t*>(pixels_ + row_ * info_.pitch + column_ * 2) =
                static_cast<std::uint16_t>(text_attribute | static_cast<unsigned char>(character));
            return;
        }
        auto const code = static_cast<unsigned char>(character);
        auto const& glyph = font[code >= 32 && code < 127 ? code - 32 : '?' - 32];
        std::uint32_t const pixel = info_.bits / 8;
        for (std::size_t x = 0; x < glyph.size(); ++x)
        {
            for (std::uint32_t y = 0; y < cell_height; ++y)
            {
                // Each dot is two lines high; black stays as the cleared row left it, white is all ones in any format.
                if ((glyph[x] >> (y / 2) & 1) == 0)
                    continue;
                auto* const at = pixels_ + (std::uint64_t{row_} * cell_height + y) * info_.pitch +
                                 (std::uint64_t{column_} * cell_width + 1 + x) * pixel;
                for (std::uint32_t i = 0; i < pixel; ++i)
                    at[i] = 0xff;
            }
        }
    }

    Framebuffer info_{};
    volatile std::uint8_t* pixels_ = nullptr;
    std::uint32_t columns_ = 0;
    std::uint32_t rows_ = 0;
    std::uint32_t row_ = 0;
    std::uint32_t column_ = 0;
    bool started_ = false;
};

constinit Screen screen{};
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
    auto const framebuffer =
        information.protocol == Boot_protocol::pvh ? vga_text : information.framebuffer;
    if (framebuffer.kind == Framebuffer::Kind::none)
        return;
    if ((framebuffer.address + size_of(framebuffer)).value() <= 0x1'0000'0000)
        screen.use(framebuffer, direct_map.value() + framebuffer.address.value());
}

void map_screen()
{
    if (screen.present())
        screen.move_to(
            map_device(screen.info().address, size_of(screen.info()),
                       screen.info().kind == Framebuffer::Kind::text ? Page_kind::uncached : Page_kind::combining)
                .value());
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
