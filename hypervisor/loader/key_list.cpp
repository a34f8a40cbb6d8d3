#include "loader/key_list.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "loader/image_check.hpp"

namespace ovm::loader
{

std::span<const std::uint8_t> Key_list::take(std::size_t size)
{
    auto const taken = body_.first(size);
    body_ = body_.subspan(size);
    return taken;
}

Key_ring::Key Key_list::take_key()
{
    Key_ring::Key key{};
    std::ranges::copy(take(key.size()), key.begin());
    return key;
}

void Key_list::go_on(std::uint32_t records, Stage next)
{
    if (read_ < records)
        return;
    read_ = 0;
    stage_ = next;
}

std::optional<Refusal> Key_list::step()
{
    switch (stage_)
    {
    case Stage::open:
        return open();
    case Stage::added:
    {
        auto const refused = read_ < header_.added ? after_.add(take_key()) : std::nullopt;
        ++read_;
        go_on(header_.added, Stage::revoked);
        return refused;
    }
    case Stage::revoked:
    {
        auto const refused = read_ < header_.revoked ? after_.revoke(take_key()) : std::nullopt;
        ++read_;
        go_on(header_.revoked, Stage::modules);
        return refused;
    }
    case Stage::modules:
    {
        auto const refused = read_ < header_.modules ? revoke_module() : std::nullopt;
        ++read_;
        go_on(header_.modules, Stage::end);
        return refused;
    }
    case Stage::end:
        stage_ = Stage::done;
        if (after_.trusted() == 0)
            return Refusal::no_key_left;
        after_.count(header_.counter);
        return {};
    case Stage::done:
        break;
    }
    return {};
}

/// Sizes first: from then on the records are as many bytes as there are.
std::optional<Refusal> Key_list::open()
{
    constexpr std::size_t size_at = 8, added_at = 12, counter_at = 16, revoked_at = 24, modules_at = 28;
    auto const size = body_.size();
    if (size < sizeof(header_) ||
        !std::ranges::equal(body_.first(format::key_list_magic.size()), format::key_list_magic))
        return Refusal::not_a_key_list;
    auto const header = take(sizeof(header_));
    auto const number = [header](std::size_t at) { return static_cast<std::uint32_t>(little_endian(header, at, 4)); };
    header_.size = number(size_at);
    header_.added = number(added_at);
    header_.counter = little_endian(header, counter_at, 8);
    header_.revoked = number(revoked_at);
    header_.modules = number(modules_at);
    if (header_.added > format::most_listed || header_.revoked > format::most_listed ||
        header_.modules > format::most_listed)
        return Refusal::too_many_keys;
    auto const records =
        sizeof(Key_ring::Key) * (header_.added + header_.revoked) + sizeof(format::Revoked_module) * header_.modules;
    if (header_.size != size || body_.size() != records)
        return Refusal::wrong_size;
    if (header_.counter <= after_.counter())
        return Refusal::old_counter;
    stage_ = Stage::added;
    return {};
}

std::optional<Refusal> Key_list::revoke_module()
{
    constexpr std::size_t version_at = 32;
    auto const record = take(sizeof(format::Revoked_module));
    auto const padded = text_of(record.first(version_at));
    auto const name = padded.substr(0, padded.find('\0'));
    if (!is_name(name) || padded.find_first_not_of('\0', name.size()) != std::string_view::npos)
        return Refusal::bad_name;
    return after_.revoke(name, static_cast<std::uint32_t>(little_endian(record, version_at, 4)));
}

} // namespace ovm::loader
