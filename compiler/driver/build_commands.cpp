#include <iostream>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "keys.hpp"
#include "pipeline.hpp"

namespace ovm::compiler
{
namespace
{

Pipeline::Say saying(const Module_description& module, Output output)
{
    auto const begin = module.name + " " + std::to_string(module.version) + ": ";
    return [begin, output](const std::string& line)
    {
        if (!output.json)
            output.out << begin << line << std::endl;
    };
}

} // namespace

Done<> build(const Tools& tools, const Build_request& request, Output output)
{
    OVM_GET(module, read_module_folder(request.module));
    std::optional<signer::Private_key> key;
    if (request.key)
    {
        OVM_GET(read, read_private_key(*request.key));
        key = std::move(read);
    }
    auto const say = saying(module, output);
    OVM_GET(built, Pipeline(tools, say).build(module, request.unproved));
    if (built.obligations == 0)
        key.reset();
    auto const file = request.file.value_or(module.name + ".omod");
    auto const elf = Path(file).replace_extension(".elf");
    auto const bytes = key ? key->sign(built.body) : signer::without_signature(built.body);
    OVM_DO(write_file(file, to_string(bytes)));
    OVM_DO(write_file(elf, built.elf));
    auto const signed_by = key ? signer::to_digits(key->public_key().bytes) : std::string();
    say(file.string() + ", " + std::to_string(bytes.size()) + " bytes, " +
        (key ? "signed by " + signed_by : "not signed: ovmc sign " + file.string() + " --key NAME.key"));
    if (output.json)
        output.out << nlohmann::ordered_json{{"exit", 0},
                                             {"name", module.name},
                                             {"version", module.version},
                                             {"file", file.string()},
                                             {"elf", elf.string()},
                                             {"bytes", bytes.size()},
                                             {"sources", built.sources},
                                             {"obligations", built.obligations},
                                             {"assumed", built.assumed},
                                             {"checks_removed", built.checks_removed},
                                             {"taken_for_granted", built.taken_for_granted},
                                             {"key", signed_by}}
                          .dump(2)
                   << "\n";
    return {};
}

Done<> check(const Tools& tools, const Path& folder, Output output)
{
    OVM_GET(module, read_module_folder(folder));
    auto const say = saying(module, output);
    OVM_DO(Pipeline(tools, say).check(module));
    say("within the safe subset");
    if (output.json)
        output.out << nlohmann::ordered_json{{"exit", 0}, {"name", module.name}, {"version", module.version}}.dump(2)
                   << "\n";
    return {};
}

Done<> verify(const Tools& tools, const Path& folder, bool all, Output output)
{
    OVM_GET(module, read_module_folder(folder));
    OVM_GET(report, Pipeline(tools, saying(module, output)).verify(module));
    output.out << (output.json ? verifier::to_json(report) : verifier::to_text(report, all)) << std::flush;
    if (!report.good())
        return std::unexpected(Failure{});
    return {};
}

} // namespace ovm::compiler
