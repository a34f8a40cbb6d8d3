#include "archive.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

#include <llvm/ADT/StringExtras.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/SHA256.h>

namespace ovm::compiler::verifier
{

namespace
{

std::string text_of(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string hash_of(const std::string& text)
{
    llvm::SHA256 hash;
    hash.update(text);
    return llvm::toHex(hash.final(), true);
}

/// This program, LLVM and the solver.
const std::string& identity()
{
    static const std::string it = hash_of(text_of("/proc/self/exe")) + LLVM_VERSION_STRING + solver_version();
    return it;
}

std::filesystem::path place(const std::string& folder, const std::string& key)
{
    return std::filesystem::path(folder) / (key + ".entry");
}

llvm::json::Object as_json(const Obligation& one)
{
    return llvm::json::Object{{"kind", one.kind},
                              {"file", one.file},
                              {"line", static_cast<std::int64_t>(one.line)},
                              {"column", static_cast<std::int64_t>(one.column)},
                              {"function", one.function},
                              {"entry", one.entry},
                              {"text", one.text},
                              {"assumed", one.verdict == Verdict::assumed},
                              {"called_from", llvm::json::Array(one.called_from)},
                              {"trap", one.trap}};
}

std::optional<Obligation> obligation_of(const llvm::json::Value& value)
{
    Obligation one;
    bool assumed = false;
    std::int64_t line = 0;
    std::int64_t column = 0;
    llvm::json::Path::Root root;
    llvm::json::ObjectMapper map(value, root);
    if (!map || !map.map("kind", one.kind) || !map.map("file", one.file) || !map.map("line", line) ||
        !map.map("column", column) || !map.map("function", one.function) || !map.map("entry", one.entry) ||
        !map.map("text", one.text) || !map.map("assumed", assumed) || !map.map("called_from", one.called_from) ||
        !map.map("trap", one.trap))
        return std::nullopt;
    one.line = static_cast<unsigned>(line);
    one.column = static_cast<unsigned>(column);
    one.verdict = assumed ? Verdict::assumed : Verdict::proved;
    return one;
}

} // namespace

std::string Archive::key(const std::string& slice, const std::string& entry, const Options& options)
{
    return hash_of(identity() + '\0' + std::to_string(options.effort) + '\0' + entry + '\0' + slice);
}

std::optional<Proof> Archive::find(const std::string& key) const
{
    if (folder_.empty())
        return std::nullopt;
    auto const text = text_of(place(folder_, key));
    auto parsed = llvm::json::parse(text);
    if (!parsed)
    {
        llvm::consumeError(parsed.takeError());
        return std::nullopt;
    }
    auto const* const root = parsed->getAsObject();
    auto const* const obligations = root == nullptr ? nullptr : root->getArray("obligations");
    auto const* const traps = root == nullptr ? nullptr : root->getArray("traps");
    auto const* const failed = root == nullptr ? nullptr : root->getArray("kept");
    auto const questions = root == nullptr ? std::nullopt : root->getInteger("questions");
    if (obligations == nullptr || traps == nullptr || failed == nullptr || !questions)
        return std::nullopt;
    Proof proof{.known = static_cast<unsigned>(*questions)};
    for (auto const& value : *obligations)
    {
        auto one = obligation_of(value);
        if (!one)
            return std::nullopt;
        proof.obligations.push_back(std::move(*one));
    }
    for (auto const& value : *traps)
        proof.in_tree.insert(static_cast<int>(value.getAsInteger().value_or(-1)));
    for (auto const& value : *failed)
        proof.failed.insert(static_cast<int>(value.getAsInteger().value_or(-1)));
    return proof;
}

void Archive::keep(const std::string& key, const Proof& proof) const
{
    if (folder_.empty() || !proof.is_good())
        return;
    llvm::json::Array obligations;
    for (auto const& one : proof.obligations)
        obligations.push_back(as_json(one));
    llvm::json::Array traps;
    for (auto const trap : proof.in_tree)
        traps.push_back(trap);
    llvm::json::Array failed;
    for (auto const trap : proof.failed)
        failed.push_back(trap);
    llvm::json::Object root{{"obligations", std::move(obligations)},
                            {"traps", std::move(traps)},
                            {"kept", std::move(failed)},
                            {"questions", static_cast<std::int64_t>(proof.asked + proof.known)}};
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    // Whoever reads it meanwhile reads all of it or nothing.
    auto const fresh = place(folder_, key + "." + std::to_string(::getpid()));
    std::string text;
    llvm::raw_string_ostream(text) << llvm::json::Value(std::move(root));
    std::ofstream(fresh) << text;
    std::filesystem::rename(fresh, place(folder_, key), error);
}

} // namespace ovm::compiler::verifier
