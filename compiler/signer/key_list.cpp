#include <algorithm>
#include <cstring>

#include <nlohmann/json.hpp>

#include "envelope.hpp"
#include "loader/format.hpp"
#include "problem.hpp"
#include "provided.hpp"

namespace ovm::compiler::signer
{
namespace
{

namespace format = loader::format;

constexpr std::size_t key_size = sizeof(Public_key::bytes);

std::uint32_t small(std::uint64_t number)
{
    return static_cast<std::uint32_t>(number);
}

std::uint64_t size_of(const format::Key_list& header)
{
    return sizeof(header) + key_size * (std::uint64_t{header.added} + header.revoked) +
           sizeof(format::Revoked_module) * std::uint64_t{header.modules};
}

/// Takes a record off the front.
template <typename Record>
Record take(Bytes_view& from)
{
    Record record{};
    std::memcpy(&record, from.data(), sizeof(record));
    from = from.subspan(sizeof(record));
    return record;
}

nlohmann::ordered_json digits_of(const std::vector<Public_key>& keys)
{
    auto all = nlohmann::ordered_json::array();
    for (auto const& key : keys)
        all.push_back(to_digits(key.bytes));
    return all;
}

} // namespace

Checked<Bytes> make_key_list(const Key_changes& changes)
{
    if (changes.counter == 0)
        return refuse("the list's counter is 0", "a list counts only if its counter is higher than all before it",
                      "give --counter a number from 1");
    if (changes.added.size() > format::most_listed || changes.revoked.size() > format::most_listed ||
        changes.modules.size() > format::most_listed)
        return refuse("the list is too long",
                      "it names at most " + std::to_string(format::most_listed) + " of each kind",
                      "sign two lists, one after the other");
    format::Key_list header{.magic = format::key_list_magic,
                            .added = small(changes.added.size()),
                            .counter = changes.counter,
                            .revoked = small(changes.revoked.size()),
                            .modules = small(changes.modules.size())};
    header.size = small(size_of(header));
    Bytes body(sizeof(header));
    std::memcpy(body.data(), &header, sizeof(header));
    for (auto const* const keys : {&changes.added, &changes.revoked})
    {
        for (auto const& key : *keys)
            body.insert(body.end(), key.bytes.begin(), key.bytes.end());
    }
    for (auto const& module : changes.modules)
    {
        if (!is_name(module.name))
            return refuse("'" + module.name + "' is no name of a module",
                          "a revoked module is named as it names itself",
                          "write NAME:VERSION, as `ovmc inspect` prints them");
        format::Revoked_module record{.version = module.version};
        module.name.copy(record.name.data(), record.name.size());
        Bytes bytes(sizeof(record));
        std::memcpy(bytes.data(), &record, sizeof(record));
        body.insert(body.end(), bytes.begin(), bytes.end());
    }
    return body;
}

bool is_key_list(Bytes_view file)
{
    auto const& magic = format::key_list_magic;
    return file.size() >= sizeof(format::Envelope) + magic.size() &&
           std::ranges::equal(body_of(file).first(magic.size()), magic);
}

Checked<Key_list_contents> read_key_list(Bytes_view file)
{
    auto rest = is_key_list(file) ? body_of(file) : Bytes_view();
    format::Key_list header{};
    auto const size = rest.size();
    if (size >= sizeof(header))
        header = take<format::Key_list>(rest);
    if (header.size != size || size_of(header) != size)
        return refuse("its size is not the one that it says", "the file is damaged, or no list of keys",
                      "make it again with `ovmc keys`");
    auto const signature = read_envelope(file);
    Key_list_contents contents{signature.key, signature.good, {.counter = header.counter}};
    for (std::uint32_t i = 0; i < header.added; ++i)
        contents.changes.added.push_back(take<Public_key>(rest));
    for (std::uint32_t i = 0; i < header.revoked; ++i)
        contents.changes.revoked.push_back(take<Public_key>(rest));
    for (std::uint32_t i = 0; i < header.modules; ++i)
    {
        auto const module = take<format::Revoked_module>(rest);
        std::string name(module.name.begin(), std::ranges::find(module.name, '\0'));
        contents.changes.modules.push_back({is_name(name) ? std::move(name) : "?", module.version});
    }
    return contents;
}

std::string to_text(const Key_list_contents& contents)
{
    auto text = "list of keys, counter " + std::to_string(contents.changes.counter) + "\n";
    text += std::string("  signature      ") + (contents.signature_good ? "good" : "WRONG") + "\n";
    text += "  key            " + to_digits(contents.key.bytes) + "\n";
    for (auto const& key : contents.changes.added)
        text += "  adds           " + to_digits(key.bytes) + "\n";
    for (auto const& key : contents.changes.revoked)
        text += "  revokes        " + to_digits(key.bytes) + "\n";
    for (auto const& module : contents.changes.modules)
        text += "  revokes        module " + module.name + " up to version " + std::to_string(module.version) + "\n";
    return text;
}

std::string to_json(const Key_list_contents& contents)
{
    auto modules = nlohmann::ordered_json::array();
    for (auto const& module : contents.changes.modules)
        modules.push_back({{"name", module.name}, {"version", module.version}});
    nlohmann::ordered_json const all{{"counter", contents.changes.counter},
                                     {"signature", contents.signature_good ? "good" : "wrong"},
                                     {"key", to_digits(contents.key.bytes)},
                                     {"added", digits_of(contents.changes.added)},
                                     {"revoked", digits_of(contents.changes.revoked)},
                                     {"modules", modules}};
    return all.dump(2) + "\n";
}

} // namespace ovm::compiler::signer
