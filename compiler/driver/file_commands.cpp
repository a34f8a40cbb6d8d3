#include <charconv>
#include <iostream>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "keys.hpp"

namespace ovm::compiler
{
namespace
{

void say(Output output, const std::string& text, const nlohmann::ordered_json& object)
{
    if (output.json)
        output.out << object.dump(2) << "\n";
    else
        output.out << text << "\n";
}

Done<signer::Named_version> read_module_version(const std::string& text)
{
    auto const colon = text.find(':');
    signer::Named_version result{.name = text.substr(0, colon)};
    auto const* const end = text.data() + text.size();
    if (colon == std::string::npos || std::from_chars(text.data() + colon + 1, end, result.version).ptr != end ||
        colon + 1 == text.size())
        return fail(Exit::usage, {.what = "'" + text + "' names no module's version",
                                  .why = "a module is revoked up to a version",
                                  .mend = "write NAME:VERSION"});
    return result;
}

} // namespace

Done<> sign(const Path& file, const Path& key_file, const std::optional<Path>& to, Output output)
{
    OVM_GET(key, read_private_key(key_file));
    OVM_GET(content, read_file(file));
    auto const bytes = to_bytes(content);
    auto const contents = signer::read_module(bytes);
    if (!contents)
        return fail(Exit::failed, file, contents.error());
    auto const target = to.value_or(file);
    OVM_DO(write_file(target, to_string(key.sign(signer::body_of(bytes)))));
    auto const digits = signer::to_digits(key.public_key().bytes);
    say(output, target.string() + ": signed by " + digits, {{"exit", 0}, {"file", target.string()}, {"key", digits}});
    return {};
}

namespace
{

/// A list of keys or a module.
template <typename Contents>
Done<> show(const Path& file, const signer::Checked<Contents>& contents, Output output)
{
    if (!contents)
        return fail(Exit::refused, file, contents.error());
    output.out << (output.json ? signer::to_json(*contents) : signer::to_text(*contents));
    if (contents->signature_good)
        return {};
    if (output.json)
        return std::unexpected(Failure{Exit::signature}); // the object says it
    bool const is_signed = contents->key != signer::Public_key{};
    return fail(Exit::signature, {.file = file.string(),
                                  .what = is_signed ? "its signature is wrong" : "it is not signed",
                                  .why = "no hypervisor takes it",
                                  .mend = "sign it: ovmc sign FILE --key NAME.key"});
}

} // namespace

Done<> inspect(const Path& file, Output output)
{
    OVM_GET(content, read_file(file));
    auto const bytes = to_bytes(content);
    return signer::is_key_list(bytes) ? show(file, signer::read_key_list(bytes), output)
                                      : show(file, signer::read_module(bytes), output);
}

Done<> make_key(const Path& name, Output output)
{
    Path const secret = name.string() + ".key";
    Path const open = name.string() + ".pub";
    for (auto const& file : {secret, open})
    {
        std::error_code ignored;
        if (std::filesystem::exists(file, ignored))
            return fail(Exit::usage, {.file = file.string(),
                                      .what = "it exists already",
                                      .why = "what a lost key signed can never be signed again",
                                      .mend = "choose another name, or move it away"});
    }
    auto const key = signer::Private_key::generate();
    if (!key)
        return fail(Exit::failed, secret, key.error());
    OVM_DO(write_file(secret, key->to_text(), Access::owner));
    OVM_DO(write_file(open, key->public_key().to_text()));
    say(output, secret.string() + ": signs modules; keep it secret\n" + open.string() + ": goes into the boot archive",
        {{"exit", 0},
         {"private", secret.string()},
         {"public", open.string()},
         {"key", signer::to_digits(key->public_key().bytes)}});
    return {};
}

Done<> make_key_list(const Key_list_request& request, Output output)
{
    OVM_GET(key, read_private_key(request.key));
    signer::Key_changes changes{.counter = request.counter};
    for (auto const& [files, keys] : {std::pair{&request.add, &changes.added}, {&request.revoke, &changes.revoked}})
    {
        for (auto const& file : *files)
        {
            OVM_GET(read, read_public_key(file));
            keys->push_back(read);
        }
    }
    for (auto const& text : request.modules)
    {
        OVM_GET(module, read_module_version(text));
        changes.modules.push_back(module);
    }
    auto const body = signer::make_key_list(changes);
    if (!body)
        return fail(Exit::usage, request.file, body.error());
    OVM_DO(write_file(request.file, to_string(key.sign(*body))));
    say(output,
        request.file.string() + ": list " + std::to_string(changes.counter) + ", " +
            std::to_string(changes.added.size()) + " keys added, " + std::to_string(changes.revoked.size()) +
            " revoked, " + std::to_string(changes.modules.size()) + " modules revoked",
        {{"exit", 0},
         {"file", request.file.string()},
         {"counter", changes.counter},
         {"added", changes.added.size()},
         {"revoked", changes.revoked.size()},
         {"modules", changes.modules.size()}});
    return {};
}

} // namespace ovm::compiler
