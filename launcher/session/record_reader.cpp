#include "launcher/session/record_reader.hpp"

#include <algorithm>

namespace ovm::launcher
{

namespace
{

std::uint8_t byte_at(std::string_view bytes, std::size_t index)
{
    return static_cast<std::uint8_t>(bytes[index]);
}

bool known(std::uint8_t type)
{
    switch (static_cast<Record_type>(type))
    {
    case Record_type::up:
    case Record_type::vm:
    case Record_type::output:
    case Record_type::log:
    case Record_type::crash:
    case Record_type::guest_stop:
    case Record_type::ended:
    case Record_type::restarted:
    case Record_type::finished:
    case Record_type::answer:
        return true;
    }
    return false;
}

std::uint8_t checksum(std::string_view bytes)
{
    std::uint8_t sum = 0;
    for (char const byte : bytes)
        sum = static_cast<std::uint8_t>(sum ^ static_cast<std::uint8_t>(byte));
    return sum;
}

} // namespace

void Record_reader::feed(std::span<const std::byte> bytes, const std::function<void(const Record&)>& take)
{
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::string_view rest = buffer_;
    while (!rest.empty())
    {
        auto const start = std::min(rest.find(static_cast<char>(interface::record_magic)), rest.size());
        skipped_ += start;
        rest.remove_prefix(start);
        if (rest.size() < 2)
            break;
        if (!known(byte_at(rest, 1)))
        {
            ++skipped_;
            rest.remove_prefix(1);
            continue;
        }
        if (rest.size() < interface::record_head_size)
            break;
        std::size_t const size = interface::record_head_size + byte_at(rest, 3);
        if (rest.size() <= size)
            break;
        if (checksum(rest.substr(1, size - 1)) != byte_at(rest, size))
        {
            ++skipped_;
            rest.remove_prefix(1);
            continue;
        }
        take({static_cast<Record_type>(byte_at(rest, 1)), byte_at(rest, 2),
              rest.substr(interface::record_head_size, size - interface::record_head_size)});
        rest.remove_prefix(size + 1);
    }
    buffer_.erase(0, buffer_.size() - rest.size());
}

End_report read_end(std::string_view payload)
{
    End_report report;
    if (payload.size() < interface::record_ended_size)
    {
        report.detail = "its end was not told";
        return report;
    }
    auto const reason = byte_at(payload, 0);
    for (unsigned i = 0; i < 4; ++i)
        report.value |= std::uint32_t{byte_at(payload, 1 + i)} << (8 * i);
    report.detail = payload.substr(interface::record_ended_size);
    if (reason >= static_cast<std::uint8_t>(End_reason::powered_off) &&
        reason <= static_cast<std::uint8_t>(End_reason::could_not_start))
        report.reason = static_cast<End_reason>(reason);
    return report;
}

} // namespace ovm::launcher
