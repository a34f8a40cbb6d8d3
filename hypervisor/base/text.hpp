#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/contract.hpp"
#include "base/strong.hpp"

namespace ovm
{

/// A number to be written in hexadecimal, with `0x`, at least `digits` wide.
struct Hex
{
    std::uint64_t value = 0;
    unsigned digits = 1;
};

/// Writes text into a span that somebody else owns; what does not fit is cut, never written.
class Text_writer
{
public:
    explicit Text_writer(std::span<char> into) : into_(into) {}

    OVM_VERIFIED Text_writer& operator<<(std::string_view text);
    [[clang::annotate("ovm::trusted", "string literals and to_text() end with a zero")]]
    Text_writer& operator<<(const char* text)
    {
        return *this << std::string_view(text);
    }
    OVM_VERIFIED Text_writer& operator<<(char character);
    Text_writer& operator<<(Hex number);
    Text_writer& operator<<(std::uint64_t number);
    Text_writer& operator<<(std::uint32_t number) { return *this << std::uint64_t{number}; }
    Text_writer& operator<<(std::int64_t number);
    Text_writer& operator<<(int number) { return *this << std::int64_t{number}; }
    template <typename Tag>
    Text_writer& operator<<(Address<Tag> address)
    {
        return *this << Hex{address.value()};
    }
    /// A size as people read it: "512 KiB", "3 MiB", exact or in bytes.
    Text_writer& operator<<(Bytes size);

    std::string_view view() const { return std::string_view(into_.first(used_)); }
    std::size_t size() const { return used_; }

private:
    std::span<char> into_;
    std::size_t used_ = 0;
};

/// A line of text with its own storage.
template <std::size_t N>
class Text
{
public:
    constexpr Text() = default;
    explicit Text(std::string_view text) { assign(text); }

    void assign(std::string_view text)
    {
        size_ = 0;
        for (char character : text)
        {
            if (size_ == N)
                break;
            characters_[size_++] = character;
        }
    }

    std::string_view view() const
    {
        auto const used = std::span(characters_).first(size_);
        return std::string_view(used);
    }
    bool empty() const { return size_ == 0; }
    bool operator==(std::string_view other) const { return view() == other; }

private:
    std::array<char, N> characters_{};
    std::size_t size_ = 0;
};

} // namespace ovm
