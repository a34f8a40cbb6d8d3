#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "arch/crash.hpp"
#include "arch/processor.hpp"
#include "interface/console/record.hpp"
#include "interface/console/serial_line.hpp"

namespace ovm::interface
{

/// Sends a crash record of OVM itself to the program behind the second line, as it is written.
/// Concurrency: the core that crashed, all others stopped: no lock is taken, what waited in the ring is lost.
class Crash_report final : public arch::Crash_sink
{
public:
    explicit Crash_report(Serial_port& program) : program_(program) {}

    void crash_line(std::string_view line) override
    {
        std::array<std::uint8_t, record_payload_max> payload{};
        std::size_t size = 0;
        for (char const character : line.substr(0, payload.size()))
            payload[size++] = static_cast<std::uint8_t>(character);
        send(Record_type::crash, std::span<const std::uint8_t>(payload).first(size));
    }

    void crash_done() override
    {
        std::array<std::uint8_t, 1> const status{static_cast<std::uint8_t>(Finish_status::hypervisor_crashed)};
        send(Record_type::finished, status);
    }

private:
    /// A UART that takes nothing any more must not hold up the rest of the record.
    static constexpr unsigned patience = 1'000'000;

    void put(std::uint8_t byte)
    {
        for (unsigned i = 0; i < patience && !program_.try_write(byte); ++i)
            arch::pause();
    }

    void send(Record_type type, std::span<const std::uint8_t> payload)
    {
        auto const kind = static_cast<std::uint8_t>(type);
        auto const size = static_cast<std::uint8_t>(payload.size());
        auto sum = static_cast<std::uint8_t>(kind ^ size);
        put(record_magic);
        put(kind);
        put(0);
        put(size);
        for (auto const byte : payload)
        {
            put(byte);
            sum = static_cast<std::uint8_t>(sum ^ byte);
        }
        put(sum);
    }

    Serial_port& program_;
};

} // namespace ovm::interface
