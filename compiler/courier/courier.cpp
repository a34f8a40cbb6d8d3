#include "courier.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "interface/console/record_input.hpp"

namespace ovm::compiler::courier
{
namespace
{

using interface::Delivery_state;
using interface::Request;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t most_piece = interface::record_payload_max - interface::record_request_size;

struct Answer
{
    Delivery_state state{};
    std::uint32_t received = 0;
    std::string line{};
};

void put(Bytes& bytes, std::uint32_t number)
{
    for (unsigned shift = 0; shift < 32; shift += 8)
        bytes.push_back(static_cast<std::uint8_t>(number >> shift));
}

std::uint32_t number_at(std::span<const std::uint8_t> bytes, std::size_t at)
{
    return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | std::uint32_t{bytes[at + 3]} << 24;
}

/// One delivery: a request, and its answer.
class Conversation
{
public:
    Conversation(Line& line, std::uint32_t number, const Patience& patience)
        : line_(line), number_(number), patience_(patience)
    {
    }

    std::expected<Answer, Problem> ask(Request request, std::uint32_t number, std::span<const std::uint8_t> rest)
    {
        auto const record = record_of(request, number, rest);
        for (unsigned turn = 0; turn < patience_.tries; ++turn)
        {
            if (!line_.send(record))
                return gone();
            auto answer = listen();
            if (!answer)
                return std::unexpected(std::move(answer.error()));
            if (*answer)
                return std::move(**answer);
        }
        return std::unexpected(Problem{"the machine does not answer", "OVM may have ended, or be busy with a crash",
                                       "look at the machine; then try again"});
    }

    /// What OVM says by itself, if it does before one would ask again.
    std::expected<std::optional<Answer>, Problem> listen()
    {
        auto const until = std::chrono::steady_clock::now() + patience_.between;
        for (auto now = std::chrono::steady_clock::now(); now < until; now = std::chrono::steady_clock::now())
        {
            auto const bytes = line_.receive(std::chrono::ceil<std::chrono::milliseconds>(until - now));
            if (!bytes)
                return gone();
            if (auto answer = hear(*bytes))
                return answer;
        }
        return std::nullopt;
    }

private:
    static std::unexpected<Problem> gone()
    {
        return std::unexpected(Problem{"the machine ended", "its line was closed", "start it, and try again"});
    }

    Bytes record_of(Request request, std::uint32_t number, std::span<const std::uint8_t> rest) const
    {
        Bytes payload;
        put(payload, number_);
        put(payload, number);
        payload.insert(payload.end(), rest.begin(), rest.end());
        Bytes record{interface::record_magic, static_cast<std::uint8_t>(request), 0,
                     static_cast<std::uint8_t>(payload.size())};
        record.insert(record.end(), payload.begin(), payload.end());
        std::uint8_t sum = 0;
        for (auto const byte : std::span(record).subspan(1))
            sum ^= byte;
        record.push_back(sum);
        return record;
    }

    /// The last answer to this delivery among them, if any: earlier ones are to what was sent before.
    std::optional<Answer> hear(std::span<const std::uint8_t> bytes)
    {
        std::optional<Answer> answer;
        for (auto const byte : bytes)
        {
            auto const record = input_.take(byte);
            if (!record || record->type != static_cast<std::uint8_t>(interface::Record_type::answer) ||
                record->payload.size() < interface::record_answer_size || number_at(record->payload, 1) != number_)
                continue;
            auto const line = record->payload.subspan(interface::record_answer_size);
            answer = {static_cast<Delivery_state>(record->payload[0]), number_at(record->payload, 5),
                      std::string(line.begin(), line.end())};
        }
        return answer;
    }

    Line& line_;
    std::uint32_t number_;
    Patience patience_;
    interface::Record_input input_{};
};

} // namespace

std::expected<Delivered, Problem> deliver(Line& line, const std::string& name, std::span<const std::uint8_t> file,
                                          std::uint32_t number, const Patience& patience, const Progress& progress)
{
    Conversation conversation(line, number, patience);
    Bytes const name_bytes(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(std::min(name.size(), most_piece)));
    auto answer = conversation.ask(Request::file, static_cast<std::uint32_t>(file.size()), name_bytes);
    while (answer)
    {
        switch (answer->state)
        {
        case Delivery_state::go_on:
        {
            auto const from = std::min<std::size_t>(answer->received, file.size());
            progress(from, file.size());
            auto const piece = file.subspan(from, std::min(most_piece, file.size() - from));
            answer = conversation.ask(Request::data, answer->received, piece);
            break;
        }
        case Delivery_state::received:
        {
            progress(file.size(), file.size());
            auto said = conversation.listen();
            if (!said)
                return std::unexpected(std::move(said.error()));
            answer = *said ? std::move(**said) : conversation.ask(Request::state, 0, {});
            break;
        }
        case Delivery_state::done:
        case Delivery_state::refused:
            return Delivered{answer->state == Delivery_state::done, answer->line};
        default:
            return std::unexpected(Problem{"the machine answers what nobody understands",
                                           "it is of another version than this compiler", "build both of one tree"});
        }
    }
    return std::unexpected(std::move(answer.error()));
}

} // namespace ovm::compiler::courier
