#include "known_files.hpp"

#include <sstream>

#include "compiler/signer/signer.hpp"

namespace ovm::compiler
{
namespace
{

std::optional<Path> place_of(const std::string& name)
{
    auto const cache = cache_folder();
    if (!cache)
        return std::nullopt;
    return *cache / "known" / signer::to_digits(signer::sha256(name));
}

} // namespace

const std::string& Known_files::digest_of(const Path& file)
{
    auto const [found, is_new] = digests_.try_emplace(file);
    if (is_new)
    {
        if (auto const content = read_file(file))
            found->second = signer::to_digits(signer::sha256(*content));
    }
    return found->second;
}

std::optional<Known_files::Entry> Known_files::recall(const std::string& name)
{
    auto const place = place_of(name);
    if (!place)
        return std::nullopt;
    auto const kept = read_file(*place);
    if (!kept)
        return std::nullopt;
    std::istringstream lines(*kept);
    Entry entry;
    std::getline(lines, entry.value);
    std::string digest;
    std::string file;
    while (lines >> digest && lines.get() == ' ' && std::getline(lines, file))
    {
        if (digest_of(file) != digest)
            return std::nullopt;
        entry.files.insert(file);
    }
    if (entry.files.empty())
        return std::nullopt;
    return entry;
}

void Known_files::keep(const std::string& name, const Entry& entry)
{
    auto const place = place_of(name);
    if (!place)
        return;
    std::ostringstream text;
    text << entry.value << '\n';
    for (auto const& file : entry.files)
    {
        if (digest_of(file).empty())
            return;
        text << digest_of(file) << ' ' << file.string() << '\n';
    }
    std::error_code ignored;
    std::filesystem::create_directories(place->parent_path(), ignored);
    static_cast<void>(write_file(*place, text.str()));
}

} // namespace ovm::compiler
