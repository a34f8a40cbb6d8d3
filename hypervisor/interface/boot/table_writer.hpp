#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/contract.hpp"
#include "base/strong.hpp"

namespace ovm::interface
{

/// Builds one ACPI table in place: little-endian fields one after the other.
/// Invariant: what lies behind the fields is zero.
/// Requires: what OVM writes fits the capacity; more is a bug of OVM, not of a guest, and ends the crossing.
class Table_writer
{
public:
    static constexpr std::size_t capacity = 1024;

    /// Opens with the header that all tables share (ACPI 6.4, table 5.4).
    Table_writer(std::string_view signature, std::uint8_t revision);

    std::size_t size() const { return size_; }
    std::span<const std::uint8_t> bytes() const { return std::span<const std::uint8_t>(bytes_).first(size_); }

    void number(unsigned width, std::uint64_t value);
    void text(std::string_view text);
    void zeros(std::size_t count);
    /// The low bytes of `value` go in before the byte at `at`, which moves up with all that follows.
    void insert(std::size_t at, unsigned width, std::uint64_t value);

    /// A register in I/O space (ACPI 6.4, section 5.2.3.2). `access`: 1 byte, 2 word, 3 double word.
    void port_register(Port port, std::uint8_t bits, std::uint8_t access);
    /// No register.
    void no_register() { zeros(12); }

    /// Enters length and checksum; the table is complete.
    void finish();

private:
    std::array<std::uint8_t, capacity> bytes_{};
    std::size_t size_ = 0;
};

/// What makes the sum of `bytes` and itself zero, modulo 256.
std::uint8_t checksum_of(std::span<const std::uint8_t> bytes);

} // namespace ovm::interface
