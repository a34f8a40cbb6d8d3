#include "boot/delivery_line.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "interface/console/log.hpp"

namespace ovm::boot
{

using interface::Delivery_state;
using loader::Delivery;

void Delivery_line::receive(std::uint8_t byte)
{
    auto const record = input_.take(byte);
    if (!record || record->vm != 0)
        return;
    switch (static_cast<interface::Request>(record->type))
    {
    case interface::Request::file:
        return delivery_.receive(Delivery::Request::file, record->payload);
    case interface::Request::data:
        return delivery_.receive(Delivery::Request::data, record->payload);
    case interface::Request::state:
        return delivery_.receive(Delivery::Request::state, record->payload);
    }
}

void Delivery_line::answer(State state, std::uint32_t file, std::uint32_t received, std::string_view line)
{
    constexpr std::array words{Delivery_state::go_on, Delivery_state::received, Delivery_state::done,
                               Delivery_state::refused};
    std::array<std::uint8_t, interface::record_payload_max> payload{};
    payload[0] = static_cast<std::uint8_t>(words[static_cast<std::size_t>(state)]);
    put_little_endian(payload, 1, 4, file);
    put_little_endian(payload, 5, 4, received);
    auto const said = bytes_of(line.substr(0, payload.size() - interface::record_answer_size));
    std::ranges::copy(said, std::span(payload).subspan(interface::record_answer_size).begin());
    console_.record(interface::Record_type::answer, Vm_id{0},
                    std::span<const std::uint8_t>(payload).first(interface::record_answer_size + said.size()));
}

void Delivery_line::ended(std::string_view line)
{
    interface::log("second serial line: ", line);
}

} // namespace ovm::boot
