#include "interfaces.hpp"

#include <sstream>

#include "compiler/signer/signer.hpp"

namespace ovm::compiler
{
namespace
{

/// The files of a rule of make: `target: file file \`.
std::set<Path> files_of_rule(const std::string& rule)
{
    std::set<Path> files;
    std::istringstream words(rule.substr(std::min(rule.find(':') + 1, rule.size())));
    for (std::string word; words >> word;)
    {
        if (word != "\\")
            files.insert(Path(word).lexically_normal());
    }
    return files;
}

} // namespace

Done<std::vector<Interface>> read_interfaces(const Tools& tools)
{
    OVM_GET(scratch, Scratch_folder::make());
    std::vector<Interface> interfaces;
    for (auto const& family : families())
    {
        auto const rule = scratch.path() / "rule";
        std::vector<std::string> command{tools.compiler};
        auto const flags = language_flags(tools);
        command.insert(command.end(), flags.begin(), flags.end());
        command.insert(command.end(), {"-E", "-P", "-MD", "-MF", rule.string(), "-x", "c++",
                                       (tools.headers() / family.header).string()});
        OVM_GET(answer, run(command, "."));
        if (answer.status != 0)
            return std::unexpected(Failure{Exit::failed,
                                           {{.file = family.header,
                                             .what = "the interface cannot be read",
                                             .why = "every module says what it was compiled against",
                                             .mend = "mend the tree that this ovmc belongs to"}},
                                           answer.errors});
        OVM_GET(rule_text, read_file(rule));
        interfaces.push_back({family, signer::sha256(answer.output), files_of_rule(rule_text)});
    }
    return interfaces;
}

} // namespace ovm::compiler
