#include "boot/modules.hpp"

#include "base/bytes.hpp"
#include "boot/policies.hpp"
#include "interface/console/log.hpp"
#include "loader/interfaces.hpp"

namespace ovm::boot
{

using interface::log;

namespace
{

constexpr std::string_view key_folder = "keys/";
constexpr std::string_view module_folder = "modules/";
constexpr std::string_view list_ending = ".okeys";

/// A digit's value, or 16.
constexpr unsigned digit(char character)
{
    constexpr std::string_view digits = "0123456789abcdef";
    auto const at = digits.find(character);
    return at == std::string_view::npos ? 16 : static_cast<unsigned>(at);
}

/// `ovm-public-key` and 64 hexadecimal digits. Error::invalid.
Result<loader::Signature_check::Key> read_key(std::string_view text)
{
    constexpr std::string_view word = "ovm-public-key ";
    loader::Signature_check::Key key{};
    if (!text.starts_with(word) || text.size() < word.size() + 2 * key.size())
        return Error::invalid;
    text.remove_prefix(word.size());
    for (std::size_t i = 0; i < key.size(); ++i)
    {
        auto const high = digit(text[2 * i]);
        auto const low = digit(text[2 * i + 1]);
        if (high > 15 || low > 15)
            return Error::invalid;
        key[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return key;
}

Modules::Keys read_keys(const interface::Archive& archive)
{
    Modules::Keys keys{};
    std::size_t offset = 0;
    while (auto const entry = archive.next(offset))
    {
        if (entry->name == interface::Archive::trailer)
            break;
        if (!entry->name.starts_with(key_folder) || entry->name.ends_with(list_ending))
            continue;
        auto const key = read_key(text_of(entry->content));
        if (!key || !keys.push_back(*key))
            log("boot archive: ", entry->name, key ? ": more keys than there may be" : " is no public key");
    }
    return keys;
}

} // namespace

Modules::Modules(Policies& policies, const interface::Archive& archive, object::Storage& storage)
    : policies_(policies), archive_(archive),
      loader_(*this, policies.frames(), storage, {read_keys(archive).items(), loader::own_interfaces()}, Core_id{0})
{
    take_lists();
}

/// In the archive's order, as each one's counter is higher than that of the one before. No VM runs yet.
void Modules::take_lists()
{
    std::size_t offset = 0;
    while (auto const entry = archive_.next(offset))
    {
        if (entry->name == interface::Archive::trailer)
            break;
        if (entry->name.starts_with(key_folder) && entry->name.ends_with(list_ending))
            log(loader_.take_keys_now(entry->name.substr(key_folder.size()), entry->content).said.view());
    }
}

Result<loader::Loader::Number> Modules::load(std::string_view file)
{
    return loader_.load(file, OVM_TRY(find(module_folder, file)));
}

Result<loader::Loader::Number> Modules::take_keys(std::string_view file)
{
    return loader_.take_keys(file, OVM_TRY(find(key_folder, file)));
}

Result<std::span<const std::uint8_t>> Modules::find(std::string_view folder, std::string_view file) const
{
    std::size_t offset = 0;
    for (;;)
    {
        // Without its checksum, which takes longer than a slice may: the signature says more.
        auto const entry = OVM_TRY(archive_.next(offset));
        if (entry.name == interface::Archive::trailer)
            return Error::not_found;
        if (entry.name.starts_with(folder) && entry.name.substr(folder.size()) == file)
            return entry.content;
    }
}

void Modules::offer_to(object::Adaptor& adaptor)
{
    if (!loader_.offer_to(adaptor))
        log(adaptor.resource(), " knows as many policies as it can: modules' are missing");
}

std::span<object::Adaptor* const> Modules::adaptors() const
{
    return policies_.adaptors();
}

object::Swap* Modules::free_swap()
{
    auto const number = policies_.free_swap("module");
    return number ? &policies_.swap(*number) : nullptr;
}

} // namespace ovm::boot
