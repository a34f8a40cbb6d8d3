#include <algorithm>
#include <cstring>

#include <nlohmann/json.hpp>

#include "envelope.hpp"
#include "loader/format.hpp"
#include "problem.hpp"

namespace ovm::compiler::signer
{
namespace
{

namespace format = loader::format;

constexpr std::array<std::string_view, 6> families{"unknown", "scheduler", "halt", "population", "placement", "frames"};
constexpr std::array<std::string_view, 3> units{"number", "nanoseconds", "bytes"};

template <std::size_t N>
std::string word(const std::array<std::string_view, N>& words, std::uint32_t number)
{
    return number < N ? std::string(words[number]) : std::to_string(number);
}

std::unexpected<Problem> damaged(std::string what)
{
    return refuse(std::move(what), "the file is damaged, or no module", "make it again with `ovmc build`");
}

/// As text that no terminal takes for more.
std::string shown(Bytes_view bytes)
{
    std::string text(bytes.begin(), bytes.end());
    std::ranges::replace_if(text, [](char each) { return each != '\n' && (each < ' ' || each > '~'); }, '?');
    return text;
}

/// The signed part, and checked looks into it.
class Body
{
public:
    explicit Body(Bytes_view bytes) : bytes_(bytes) {}

    bool take_header()
    {
        if (bytes_.size() < sizeof(header_))
            return false;
        std::memcpy(&header_, bytes_.data(), sizeof(header_));
        return header_.magic == format::magic && header_.size == bytes_.size();
    }
    const format::Header& header() const { return header_; }

    Checked<Bytes_view> section(format::Section section) const
    {
        if (section.offset > bytes_.size() || section.size > bytes_.size() - section.offset)
            return damaged("a section lies outside of the file");
        return bytes_.subspan(section.offset, section.size);
    }

    template <typename Record>
    Checked<std::vector<Record>> records(format::Section place) const
    {
        OVM_TAKE(bytes, section(place));
        if (bytes.size() % sizeof(Record) != 0)
            return damaged("a section is no whole number of records");
        std::vector<Record> result(bytes.size() / sizeof(Record));
        if (!bytes.empty())
            std::memcpy(result.data(), bytes.data(), bytes.size());
        return result;
    }

    Checked<std::string> string(format::String place) const
    {
        OVM_TAKE(strings, section(header_.strings));
        if (place.offset > strings.size() || place.size > strings.size() - place.offset)
            return damaged("a text lies outside of the strings");
        return shown(strings.subspan(place.offset, place.size));
    }

private:
    Bytes_view bytes_;
    format::Header header_{};
};

Checked<std::vector<Described_policy>> read_policies(const Body& body)
{
    OVM_TAKE(policies, body.records<format::Policy>(body.header().policies));
    OVM_TAKE(parameters, body.records<format::Parameter>(body.header().parameters));
    std::vector<Described_policy> result;
    for (auto const& policy : policies)
    {
        OVM_TAKE(name, body.string(policy.name));
        OVM_TAKE(meaning, body.string(policy.meaning));
        Described_policy described{.family = policy.family,
                                   .interface = policy.interface,
                                   .name = name,
                                   .meaning = meaning,
                                   .construct = policy.construct,
                                   .size = policy.size,
                                   .alignment = policy.alignment};
        if (policy.first_parameter > parameters.size() ||
            policy.parameters > parameters.size() - policy.first_parameter)
            return damaged("the parameters of policy '" + name + "' are not in the file");
        for (auto const& each : std::span(parameters).subspan(policy.first_parameter, policy.parameters))
        {
            OVM_TAKE(parameter, body.string(each.name));
            OVM_TAKE(text, body.string(each.meaning));
            described.parameters.push_back({parameter, text, each.unit, each.initial, each.least, each.most});
        }
        result.push_back(described);
    }
    return result;
}

} // namespace

Checked<Contents> read_module(Bytes_view file)
{
    if (file.size() < sizeof(format::Envelope))
        return damaged("it is too short to be a module");
    auto const signature = read_envelope(file);
    auto const bytes = body_of(file);
    Body body(bytes);
    if (!body.take_header())
        return damaged("it does not begin as a module does, or its size is not the one that it says");
    auto const& header = body.header();
    OVM_TAKE(name, body.string(header.name));
    OVM_TAKE(imports, body.records<format::Import>(header.imports));
    OVM_TAKE(policies, read_policies(body));
    OVM_TAKE(notes, body.section(header.notes));
    Contents contents{.key = signature.key,
                      .signature_good = signature.good,
                      .name = name,
                      .version = header.version,
                      .stack = header.stack,
                      .obligations = header.obligations,
                      .compiler = header.compiler,
                      .proof = header.proof,
                      .text = header.text.size,
                      .constants = header.constants.size,
                      .relocations = static_cast<std::uint32_t>(header.relocations.size / sizeof(format::Relocation)),
                      .policies = policies,
                      .notes = shown(notes)};
    for (auto const& import : imports)
    {
        OVM_TAKE(symbol, body.string(import.name));
        contents.imports.push_back(symbol);
    }
    return contents;
}

std::string to_text(const Contents& contents)
{
    auto const line = [](std::string_view label, const std::string& value)
    { return "  " + std::string(label) + std::string(label.size() < 13 ? 13 - label.size() : 1, ' ') + value + "\n"; };
    std::string text = "module " + contents.name + ", version " + std::to_string(contents.version) + "\n";
    text += line("signature", !contents.is_signed() ? "none" : contents.signature_good ? "good" : "WRONG");
    text += line("key", to_digits(contents.key.bytes));
    text += line("code", std::to_string(contents.text) + " bytes");
    text += line("constants",
                 std::to_string(contents.constants) + " bytes, " + std::to_string(contents.relocations) + " addresses");
    text += line("stack", std::to_string(contents.stack) + " bytes");
    text +=
        line("proved", contents.obligations == 0 ? "nothing" : std::to_string(contents.obligations) + " obligations");
    text += line("proof", to_digits(contents.proof));
    text += line("compiler", to_digits(contents.compiler));
    for (auto const& import : contents.imports)
        text += line("import", import);
    for (auto const& policy : contents.policies)
    {
        text += word(families, policy.family) + " " + policy.name + ": " + policy.meaning + "\n";
        text +=
            line("object", std::to_string(policy.size) + " bytes, constructor at " + std::to_string(policy.construct));
        text += line("interface", to_digits(policy.interface));
        for (auto const& each : policy.parameters)
            text += line("parameter", each.name + " = " + std::to_string(each.initial) + " (" +
                                          std::to_string(each.least) + " to " + std::to_string(each.most) + ", " +
                                          word(units, each.unit) + "): " + each.meaning);
    }
    return text + contents.notes;
}

std::string to_json(const Contents& contents)
{
    nlohmann::ordered_json policies = nlohmann::ordered_json::array();
    for (auto const& policy : contents.policies)
    {
        nlohmann::ordered_json parameters = nlohmann::ordered_json::array();
        for (auto const& each : policy.parameters)
            parameters.push_back({{"name", each.name},
                                  {"meaning", each.meaning},
                                  {"unit", word(units, each.unit)},
                                  {"initial", each.initial},
                                  {"least", each.least},
                                  {"most", each.most}});
        policies.push_back({{"family", word(families, policy.family)},
                            {"name", policy.name},
                            {"meaning", policy.meaning},
                            {"interface", to_digits(policy.interface)},
                            {"construct", policy.construct},
                            {"size", policy.size},
                            {"alignment", policy.alignment},
                            {"parameters", parameters}});
    }
    nlohmann::ordered_json const all{{"name", contents.name},
                                     {"version", contents.version},
                                     {"signature", !contents.is_signed()     ? "none"
                                                   : contents.signature_good ? "good"
                                                                             : "wrong"},
                                     {"key", to_digits(contents.key.bytes)},
                                     {"text", contents.text},
                                     {"constants", contents.constants},
                                     {"relocations", contents.relocations},
                                     {"stack", contents.stack},
                                     {"obligations", contents.obligations},
                                     {"proof", to_digits(contents.proof)},
                                     {"compiler", to_digits(contents.compiler)},
                                     {"imports", contents.imports},
                                     {"policies", policies},
                                     {"notes", contents.notes}};
    return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

} // namespace ovm::compiler::signer
