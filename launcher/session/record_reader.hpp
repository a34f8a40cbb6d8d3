#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "interface/console/record.hpp"

namespace ovm::launcher
{

using interface::End_reason;
using interface::Record_type;

struct Record
{
    Record_type type = Record_type::up;
    unsigned vm = 0;
    std::string_view payload;
};

/// Finds records in the bytes of COM2. Whatever stands between them (a torn record, noise, a reset in the middle) is
/// skipped and counted.
class Record_reader
{
public:
    /// Takes bytes as they come and calls `take` for each record that they complete; its payload lives until it
    /// returns.
    void feed(std::span<const std::byte> bytes, const std::function<void(const Record&)>& take);

    std::uint64_t skipped() const { return skipped_; }

private:
    std::string buffer_;
    std::uint64_t skipped_ = 0;
};

/// The payload of an `ended` record.
struct End_report
{
    End_reason reason = End_reason::crashed;
    std::uint32_t value = 0;
    std::string_view detail;
};

/// A payload too short or a reason unknown reads as a crash: nothing good can be concluded from it.
End_report read_end(std::string_view payload);

} // namespace ovm::launcher
