#include "loader/delivery.hpp"

#include <algorithm>

#include "arch/processor.hpp"
#include "base/bytes.hpp"

namespace ovm::loader
{

using object::Job;

namespace
{

constexpr std::string_view list_ending = ".okeys";

bool is_file_name(std::string_view name)
{
    return !name.empty() &&
           std::ranges::all_of(name, [](char character) { return character > ' ' && character < 127; });
}

} // namespace

void Delivery::receive(Request request, std::span<const std::uint8_t> content)
{
    OVM_REQUIRES_THAT(content.size() <= most_request);
    if (requested_)
        return;
    requested_ = true;
    request_ = request;
    content_size_ = content.size();
    std::ranges::copy(content, content_.begin());
    start(core_);
}

void Delivery::fired(Ticks)
{
    silent_ = phase_ == Phase::receiving;
    if (silent_)
        start(core_);
}

Job::Step Delivery::step()
{
    if (std::exchange(silent_, false) && phase_ == Phase::receiving)
        refuse("nothing came of it for 10 s, after ", received_, " of ", size_, " bytes");
    if (requested_)
    {
        serve();
        return Step::again;
    }
    switch (phase_)
    {
    case Phase::idle:
    case Phase::receiving:
        return Step::wait;
    case Phase::waiting:
        if (loader_.idle())
        {
            auto const file = block_.bytes().first(size_);
            number_ = keys_ ? loader_.take_keys(name_.view(), file) : loader_.load(name_.view(), file);
            phase_ = Phase::loading;
        }
        return Step::again;
    case Phase::loading:
        if (auto const* const outcome = loader_.outcome(number_))
            end(outcome->good, outcome->said.view());
        return Step::again;
    }
    return Step::wait;
}

/// The loader ends by itself, whatever failed here.
Job::Step Delivery::faulted(const arch::Fault& fault)
{
    requested_ = false;
    if (phase_ == Phase::receiving)
        refuse("taking it failed in OVM itself: ", fault.what);
    return Step::again;
}

void Delivery::serve()
{
    requested_ = false;
    auto const content = std::span<const std::uint8_t>(content_).first(content_size_);
    if (content.size() < head_size)
        return;
    auto const file = static_cast<std::uint32_t>(little_endian(content, 0, 4));
    auto const number = static_cast<std::uint32_t>(little_endian(content, 4, 4));
    auto const rest = content.subspan(head_size);
    if (request_ == Request::file)
        announce(file, number, text_of(rest));
    else if (file != file_)
        sender_.answer(Delivery_sender::State::refused, file, 0, "this file was not announced, or another one since");
    else if (request_ == Request::data && phase_ == Phase::receiving)
        take(number, rest);
    else
        tell();
}

/// A file that has not come whole is forgotten: its sender is gone, or begins anew.
void Delivery::announce(std::uint32_t file, std::uint32_t size, std::string_view name)
{
    if (phase_ == Phase::waiting || phase_ == Phase::loading)
    {
        if (file == file_)
            return tell();
        return sender_.answer(Delivery_sender::State::refused, file, 0, "another file is being brought in; try again");
    }
    block_ = Module_block();
    phase_ = Phase::idle;
    file_ = file;
    bool const named = is_file_name(name) && name.size() <= most_name;
    name_.assign(named ? name : "a file");
    if (!named)
        refuse("its name is no file's");
    else if (size < sizeof(format::Envelope))
        refuse(to_text(Refusal::too_short));
    else if (size > format::most_bytes)
        refuse(to_text(Refusal::too_large));
    else
        begin(size, name);
}

void Delivery::begin(std::uint32_t size, std::string_view name)
{
    auto taken = Module_block::take(frames_, Bytes(size));
    if (!taken)
        return refuse(taken.error() == Error::busy ? "the policy of frames is being replaced; try again"
                                                   : to_text(Refusal::no_memory));
    block_ = std::move(*taken);
    size_ = size;
    received_ = 0;
    keys_ = name.ends_with(list_ending);
    phase_ = Phase::receiving;
    expect_more();
    tell();
}

/// A piece that came before, or too early, only says where the sender is to go on.
void Delivery::take(std::uint32_t at, std::span<const std::uint8_t> piece)
{
    if (at != received_)
        return tell();
    if (piece.empty())
        return refuse("a piece of it has no bytes");
    if (piece.size() > size_ - received_)
        return refuse("more came of it than was announced");
    std::ranges::copy(piece, block_.bytes().subspan(received_).begin());
    received_ += static_cast<std::uint32_t>(piece.size());
    if (received_ < size_)
        expect_more();
    else
    {
        timers_.cancel(*this);
        phase_ = Phase::waiting;
    }
    tell();
}

void Delivery::tell()
{
    using enum Delivery_sender::State;
    switch (phase_)
    {
    case Phase::receiving:
        return sender_.answer(go_on, file_, received_, {});
    case Phase::waiting:
    case Phase::loading:
        return sender_.answer(received, file_, received_, {});
    case Phase::idle:
        return sender_.answer(good_ ? done : refused, file_, 0, said_.view());
    }
}

/// Only what is new keeps a file alive.
void Delivery::expect_more()
{
    timers_.arm(*this, timers_.now() + arch::to_ticks(most_silence));
}

void Delivery::end(bool good, std::string_view line)
{
    timers_.cancel(*this);
    block_ = Module_block();
    phase_ = Phase::idle;
    good_ = good;
    said_.assign(line);
    sender_.ended(line);
    tell();
}

} // namespace ovm::loader
