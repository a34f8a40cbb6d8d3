#include <algorithm>
#include <cstring>

#include "loader/format.hpp"
#include "problem.hpp"
#include "provided.hpp"

namespace ovm::compiler::signer
{
namespace
{

namespace format = loader::format;

std::uint32_t small(std::uint64_t number)
{
    return static_cast<std::uint32_t>(number);
}

/// Puts a body together, section after section.
class Body
{
public:
    format::String string(const std::string& text)
    {
        format::String const place{small(strings_.size()), small(text.size())};
        strings_ += text;
        return place;
    }

    template <typename Record>
    format::Section append(const std::vector<Record>& records)
    {
        return append(records.data(), records.size() * sizeof(Record));
    }
    format::Section append(const std::string& text) { return append(text.data(), text.size()); }

    Bytes finish(format::Header& header, const std::string& notes)
    {
        header.strings = append(strings_);
        header.notes = append(notes);
        header.size = small(bytes_.size());
        std::memcpy(bytes_.data(), &header, sizeof(header));
        return std::move(bytes_);
    }

private:
    format::Section append(const void* from, std::size_t size)
    {
        bytes_.resize((bytes_.size() + 7) / 8 * 8);
        format::Section const section{small(bytes_.size()), small(size)};
        bytes_.resize(bytes_.size() + size);
        if (size != 0)
            std::memcpy(bytes_.data() + section.offset, from, size);
        return section;
    }

    Bytes bytes_ = Bytes(sizeof(format::Header));
    std::string strings_{};
};

std::optional<Problem> check(const Statement& statement)
{
    if (!is_name(statement.name))
        return refuse("'" + statement.name + "' is no name for a module",
                      "names are typed at a console: a-z, 0-9 and `-`, not at an end, at most " +
                          std::to_string(format::most_name) + " characters",
                      "change `name` in module.toml")
            .error();
    if (statement.version == 0)
        return refuse("the module's version is 0", "versions begin at 1, and a newer one replaces an older one",
                      "set `version` in module.toml")
            .error();
    return std::nullopt;
}

} // namespace

Checked<Bytes> make_module(Bytes_view elf, const Statement& statement)
{
    if (auto problem = check(statement))
        return std::unexpected(*problem);
    OVM_TAKE(linked, Linked::read(elf));
    if (linked.stack() > format::most_stack)
        return refuse("the module may need " + std::to_string(linked.stack()) + " bytes of stack",
                      "a core's stack is 16 KiB, of which a module gets " + std::to_string(format::most_stack),
                      "move large locals into members of the policy");
    OVM_TAKE(provided, provided_policies(linked));
    Body body;
    format::Header header{.magic = format::magic,
                          .version = statement.version,
                          .name = body.string(statement.name),

                          .stack = small(linked.stack()),
                          .obligations = statement.obligations,
                          .compiler = statement.compiler,
                          .proof = statement.proof};
    std::vector<format::Relocation> relocations;
    for (auto const at : linked.relocations())
        relocations.push_back({small(at - linked.constants_at())});
    std::vector<format::Import> imports;
    for (auto const& [at, name] : linked.imports())
    {
        if (std::ranges::find(format::exports, name) == format::exports.end())
            return refuse("the module calls '" + name + "', which is nowhere defined",
                          "the hypervisor exports memory functions and nothing else: what a policy may do, its "
                          "interface says",
                          "define it in the module, or do without");
        imports.push_back({small(at - linked.constants_at()), body.string(name)});
    }
    std::vector<format::Policy> policies;
    std::vector<format::Parameter> parameters;
    for (auto const& policy : provided)
    {
        auto const interface = statement.interfaces.find(policy.family);
        if (interface == statement.interfaces.end())
            return refuse("policy '" + policy.name + "' is of family " + std::to_string(policy.family),
                          "no interface of that family was given to the signer", "sign it with this tree's ovmc");
        policies.push_back({.family = policy.family,
                            .interface = interface->second,
                            .name = body.string(policy.name),
                            .meaning = body.string(policy.meaning),
                            .construct = policy.construct,
                            .size = policy.size,
                            .alignment = policy.alignment,
                            .first_parameter = small(parameters.size()),
                            .parameters = small(policy.parameters.size())});
        for (auto const& each : policy.parameters)
            parameters.push_back({.initial = each.initial,
                                  .least = each.least,
                                  .most = each.most,
                                  .name = body.string(each.name),
                                  .meaning = body.string(each.meaning),
                                  .unit = each.unit});
    }
    header.text = body.append(linked.text());
    header.constants = body.append(linked.constants());
    header.relocations = body.append(relocations);
    header.imports = body.append(imports);
    header.policies = body.append(policies);
    header.parameters = body.append(parameters);
    auto bytes = body.finish(header, statement.notes);
    if (bytes.size() + sizeof(format::Envelope) > format::most_bytes)
        return refuse("the module has " + std::to_string(bytes.size()) + " bytes",
                      "a module's file has at most " + std::to_string(format::most_bytes), "make two modules of it");
    return bytes;
}

} // namespace ovm::compiler::signer
