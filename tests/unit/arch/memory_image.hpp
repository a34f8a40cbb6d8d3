#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "arch/byte_view.hpp"

namespace ovm::arch
{

/// Physical memory of a test: one run of bytes from `begin`; everything else cannot be read.
class Memory_image final : public Physical_reader
{
public:
    explicit Memory_image(std::uint64_t begin) : begin_(begin) {}

    std::span<const std::uint8_t> view(Host_physical at, Bytes size) override
    {
        auto const offset = at.value() - begin_;
        if (at.value() < begin_ || offset > bytes_.size() || size.value() > bytes_.size() - offset)
            return {};
        return std::span<const std::uint8_t>(bytes_).subspan(offset, size.value());
    }

    std::uint64_t end() const { return begin_ + bytes_.size(); }
    std::vector<std::uint8_t>& bytes() { return bytes_; }
    std::uint8_t& at(std::uint64_t address) { return bytes_.at(address - begin_); }

    Memory_image& text(std::string_view text)
    {
        for (char character : text)
            bytes_.push_back(static_cast<std::uint8_t>(character));
        return *this;
    }
    Memory_image& number(std::uint64_t value, unsigned width)
    {
        for (unsigned i = 0; i < width; ++i)
            bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
        return *this;
    }
    Memory_image& zeros(std::size_t count)
    {
        bytes_.resize(bytes_.size() + count);
        return *this;
    }
    Memory_image& align(std::size_t to)
    {
        while (bytes_.size() % to != 0)
            bytes_.push_back(0);
        return *this;
    }
    void store(std::uint64_t address, std::uint64_t value, unsigned width)
    {
        for (unsigned i = 0; i < width; ++i)
            at(address + i) = static_cast<std::uint8_t>(value >> (8 * i));
    }

private:
    std::uint64_t begin_;
    std::vector<std::uint8_t> bytes_{};
};

} // namespace ovm::arch
