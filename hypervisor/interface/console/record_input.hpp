#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "interface/console/record.hpp"

namespace ovm::interface
{

/// Finds records in the bytes of a line, as they come. What is no record is skipped; what looked like one and was not
/// costs its length at most, so who waits for an answer in vain sends once more.
/// Invariant:   size_ is less than what the record at hand takes, but for one whose last byte came just now.
/// Concurrency: its owner's.
class Record_input
{
public:
    struct Record
    {
        std::uint8_t type = 0;
        std::uint8_t vm = 0;
        std::span<const std::uint8_t> payload{}; ///< until the next byte
    };

    /// The next byte; the record that it completes.
    std::optional<Record> take(std::uint8_t byte)
    {
        if (size_ == 0 && byte != record_magic)
            return {};
        bytes_[size_++] = byte;
        if (size_ < record_head_size)
            return {};
        std::size_t const whole = record_head_size + bytes_[3] + 1;
        if (size_ < whole)
        {
            if (size_ == record_head_size)
                sum_ = bytes_[1] ^ bytes_[2] ^ bytes_[3];
            else
                sum_ = static_cast<std::uint8_t>(sum_ ^ byte);
            return {};
        }
        size_ = 0;
        if (sum_ != byte)
            return {};
        return Record{bytes_[1], bytes_[2], std::span(bytes_).subspan(record_head_size, bytes_[3])};
    }

private:
    std::array<std::uint8_t, record_head_size + record_payload_max + 1> bytes_{};
    std::size_t size_ = 0;
    std::uint8_t sum_ = 0; ///< of what came behind the magic byte
};

} // namespace ovm::interface
