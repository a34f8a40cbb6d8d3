#pragma once

#include <cstdint>

#include "arch/boot_information.hpp"
#include "arch/x86_64/font.hpp"

namespace ovm::arch
{

/// Lines go from top to bottom and then from the top again, with a gap ahead of the newest: nothing is ever read back
/// or moved, which framebuffers do slowly. Without a screen, or on one too small for a line, nothing is drawn.
/// Concurrency: its caller's.
class Screen_writer
{
public:
    static constexpr std::uint32_t cell_width = 8;
    static constexpr std::uint32_t cell_height = 16;
    static constexpr std::uint16_t text_attribute = 0x0700;

    /// `memory`: pitch * height bytes, which stay there.
    void use(const Framebuffer& framebuffer, volatile std::uint8_t* memory)
    {
        info_ = framebuffer;
        pixels_ = memory;
        bool const text = info_.kind == Framebuffer::Kind::text;
        columns_ = text ? info_.width : info_.width / cell_width;
        rows_ = text ? info_.height : info_.height / cell_height;
        if (columns_ == 0 || rows_ < 2)
            pixels_ = nullptr;
    }
    bool present() const { return pixels_ != nullptr; }
    /// The same screen at another address.
    void move_to(volatile std::uint8_t* memory) { pixels_ = memory; }

    void write(char character)
    {
        if (pixels_ == nullptr || character == '\r')
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

} // namespace ovm::arch
