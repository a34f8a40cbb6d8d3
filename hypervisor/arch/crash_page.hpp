#pragma once

#include <cstdint>
#include <span>
#include <string_view>

/// The page of RAM that carries a crash record over a reset.
namespace ovm::arch
{

/// Layout: magic (8 bytes), size of the text (4), checksum of the text (4), text.
/// Invariant: a page without magic, with a size beyond it or a wrong checksum holds no record.
class Crash_page
{
public:
    explicit Crash_page(std::span<std::uint8_t> page) : page_(page) {}

    /// Starts an empty record; what does not fit later is cut.
    void begin();
    /// Adds a line; a newline follows it.
    void append(std::string_view line);
    /// Makes it valid.
    void end();

    /// The record, if there is one; it is found once only, its text stays until the next begin().
    std::string_view take();

private:
    std::uint32_t checksum() const;
    void store(std::size_t offset, std::uint64_t value, std::size_t width);

    std::span<std::uint8_t> page_;
    std::size_t size_ = 0;
};

} // namespace ovm::arch
