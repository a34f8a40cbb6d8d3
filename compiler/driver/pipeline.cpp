#include "pipeline.hpp"

#include <cstdlib>
#include <string_view>

#include "diagnostics.hpp"
#include "includes.hpp"

namespace ovm::compiler
{

namespace
{

/// Each obligation that was not proved is a problem of the module's, where it stands in the source.
Failure failure_of(const verifier::Report& report)
{
    Failure failure{.said = verifier::to_text(report, false)};
    for (auto const& obligation : report.obligations)
    {
        if (obligation.verdict != verifier::Verdict::proved && obligation.verdict != verifier::Verdict::assumed)
            failure.problems.push_back({.file = obligation.file,
                                        .line = obligation.line,
                                        .column = obligation.column,
                                        .what = obligation.kind + " [" + verifier::to_text(obligation.verdict) + "]",
                                        .why = obligation.why});
    }
    return failure;
}

} // namespace

/// A tool that fails on what passed the compiler is at fault itself.
Done<> Pipeline::must(const std::vector<std::string>& command, const std::string& step) const
{
    OVM_GET(answer, run(command, "."));
    if (answer.status != 0)
        return std::unexpected(Failure{
            Exit::failed,
            {{.what = step + " failed: " + command.front() + " ended with status " + std::to_string(answer.status),
              .why = answer.errors}},
            answer.errors});
    return {};
}

/// No aspect is woven into modules: the source as it is.
Done<Path> Pipeline::weave(const Path& source) const
{
    return source;
}

/// Answers of the solver are kept in the user's cache, by what was asked: a proof that did not change takes no time.
Done<verifier::Report> Pipeline::prove(const Module_description& module, const Path& bitcode) const
{
    OVM_GET(code, read_file(bitcode));
    verifier::Options options;
    if (auto const cache = cache_folder())
        options.cache = *cache / "proofs";
    options.progress = [this](const std::string& entry, unsigned done, unsigned all)
    { say_("proving " + std::to_string(done) + "/" + std::to_string(all) + ": " + entry); };
    auto report = verifier::verify(code, options);
    if (!report.error.empty())
        return fail(Exit::failed, {.what = "the verifier failed", .why = report.error});
    // The module knows its sources by their names alone, so that its bytes do not depend on where it was built.
    for (auto& obligation : report.obligations)
    {
        Path const file(obligation.file);
        std::error_code ignored;
        if (!file.empty() && file.is_relative() && std::filesystem::exists(module.folder / file, ignored))
            obligation.file = std::filesystem::proximate(module.folder / file).string();
    }
    return report;
}

Done<verifier::Report> Pipeline::verify(const Module_description& module)
{
    OVM_GET(scratch, Scratch_folder::make());
    OVM_GET(compiled, compile_checked(module, scratch.path(), For::verifier));
    return prove(module, compiled.bitcode);
}

Done<Path> Pipeline::compile(const Module_description& module, const Path& source, const Path& output, For what) const
{
    OVM_GET(woven, weave(source));
    std::vector<std::string> command{tools_.compiler};
    auto const flags = compile_flags(tools_);
    command.insert(command.end(), flags.begin(), flags.end());
    if (what == For::verifier)
        command.emplace_back("-DOVM_VERIFY=1");
    // What the optimiser would do now, the verifier would not see.
    command.insert(command.end(),
                   {"-O1", "-Xclang", "-disable-llvm-passes", "-emit-llvm", "-c", "-fdebug-compilation-dir=.",
                    "-ffile-prefix-map=" + module.folder.string() + "/=",
                    "-ffile-prefix-map=" + std::filesystem::proximate(module.folder).string() + "/=",
                    "-ffile-prefix-map=" + tools_.generated.string() + "/=hypervisor/",
                    "-ffile-prefix-map=" + tools_.tree.string() + "/=", "-fplugin=" + tools_.checker.string(),
                    "-fplugin-arg-ovm_checker-trusted=" + tools_.trusted().string(),
                    "-fplugin-arg-ovm_checker-module=" + module.folder.string(),
                    "-fplugin-arg-ovm_checker-module=" + tools_.kit().string(), "-o", output.string(),
                    std::filesystem::proximate(woven).string()});
    OVM_GET(answer, run(command, "."));
    if (answer.status == 0)
        return output;
    auto problems = read_diagnostics(answer.errors);
    if (problems.empty())
        return std::unexpected(Failure{Exit::failed,
                                       {{.file = source.string(), .what = "the compiler failed", .why = answer.errors}},
                                       answer.errors});
    return std::unexpected(Failure{Exit::refused, std::move(problems), answer.errors});
}

/// All sources are looked at before any is refused.
Done<Path> Pipeline::compile_all(const Module_description& module, const Path& folder, For what) const
{
    std::vector<std::string> command{tools_.link_bitcode};
    std::optional<Failure> failure;
    for (auto const& source : module.sources)
    {
        auto const object = compile(module, source, folder / (std::to_string(command.size()) + ".bc"), what);
        if (object)
            command.push_back(object->string());
        else if (!failure)
            failure = object.error();
        else
        {
            failure->problems.insert(failure->problems.end(), object.error().problems.begin(),
                                     object.error().problems.end());
            failure->said += object.error().said;
        }
    }
    if (failure)
        return std::unexpected(*failure);
    auto const all = folder / "module.bc";
    command.insert(command.end(), {"-o", all.string()});
    OVM_DO(must(command, "joining the sources"));
    return all;
}

namespace
{

/// What stands between two marks of a text, from the place on; empty if they are not there.
std::string between(const std::string& text, std::string_view mark, char end)
{
    auto const at = text.find(mark);
    if (at == std::string::npos)
        return {};
    auto const from = at + mark.size();
    return text.substr(from, text.find(end, from) - from);
}

/// The linker's complaint as a problem of the module.
Problem unlinked(const std::string& errors)
{
    auto const symbol = between(errors, "undefined symbol: ", '\n');
    if (symbol.empty())
        return {.what = "the module does not link", .why = errors};
    auto const place = between(errors, ">>> referenced by ", ' ');
    auto const colon = place.find(':');
    Problem problem{.what = "calls '" + symbol + "', which is nowhere defined",
                    .why = "of the hypervisor's functions a module may call memcpy, memmove, memset and memcmp alone",
                    .mend = "define it in the module, or do without it"};
    if (colon != std::string::npos)
    {
        problem.file = place.substr(0, colon);
        problem.line = static_cast<unsigned>(std::strtoul(place.c_str() + colon + 1, nullptr, 10));
    }
    return problem;
}

} // namespace

Done<Path> Pipeline::link(const Path& bitcode, const Path& folder) const
{
    auto const object = folder / "module.o";
    OVM_DO(must({tools_.compiler, "-O2", "-fPIC", "-fno-asynchronous-unwind-tables", "-ffunction-sections",
                 "-fdata-sections", "-fstack-size-section", "-Wno-unused-command-line-argument", "-c", bitcode.string(),
                 "-o", object.string()},
                "making code"));
    auto const imports = folder / "imports.o";
    OVM_DO(must({tools_.compiler, "-c", tools_.imports().string(), "-o", imports.string()}, "making the imports"));
    auto const elf = folder / "module.elf";
    OVM_GET(answer, run({tools_.linker, "-shared", "-z", "norelro", "-z", "defs", "-Bsymbolic", "--gc-sections",
                         "--build-id=none", "--hash-style=gnu", "-T", tools_.linker_script().string(), object.string(),
                         imports.string(), "-o", elf.string()},
                        "."));
    if (answer.status != 0)
        return fail(Exit::refused, unlinked(answer.errors));
    return elf;
}

Done<Pipeline::Compiled> Pipeline::compile_checked(const Module_description& module, const Path& folder, For what) const
{
    OVM_GET(interfaces, read_interfaces(tools_));
    OVM_DO(check_includes(tools_, module, interfaces));
    OVM_GET(bitcode, compile_all(module, folder, what));
    return Compiled{std::move(bitcode), std::move(interfaces)};
}

Done<> Pipeline::check(const Module_description& module)
{
    OVM_GET(scratch, Scratch_folder::make());
    OVM_DO(compile_checked(module, scratch.path(), For::verifier));
    return {};
}

Done<Pipeline::Built> Pipeline::build(const Module_description& module, bool unproved)
{
    OVM_GET(scratch, Scratch_folder::make());
    OVM_GET(compiled, compile_checked(module, scratch.path(), unproved ? For::execution : For::verifier));
    say_(std::to_string(module.sources.size()) + (module.sources.size() == 1 ? " source" : " sources") +
         " compiled, all within the safe subset");
    Built built{.sources = static_cast<unsigned>(module.sources.size())};
    std::string digest;
    if (unproved)
        say_("nothing was proved: every check stays in the code");
    else
    {
        OVM_GET(proof, prove(module, compiled.bitcode));
        if (!proof.good())
            return std::unexpected(failure_of(proof));
        built.obligations = proof.count(verifier::Verdict::proved);
        built.assumed = proof.count(verifier::Verdict::assumed);
        built.checks_removed = proof.removed;
        built.taken_for_granted = proof.taken_for_granted;
        digest = proof.digest;
        say_(std::to_string(built.obligations) + " obligations proved, " + std::to_string(built.assumed) +
             " assumed of callers, " + std::to_string(proof.removed) + " run-time checks left out");
        OVM_DO(write_file(compiled.bitcode, proof.bitcode));
    }
    OVM_GET(file, link(compiled.bitcode, scratch.path()));
    OVM_GET(elf, read_file(file));
    OVM_GET(versions, tool_versions(tools_));
    versions += "solver: " + verifier::solver_version() + "\n";
    signer::Statement statement{.name = module.name,
                                .version = module.version,
                                .obligations = built.obligations,
                                .compiler = signer::sha256(versions),
                                .proof = signer::sha256(digest + versions),
                                .notes = "meaning: " + module.meaning + "\n" + versions};
    for (auto const& interface : compiled.interfaces)
        statement.interfaces.emplace(interface.family.number, interface.hash);
    auto body = signer::make_module(to_bytes(elf), statement);
    if (!body)
        return fail(Exit::refused, {.file = std::filesystem::proximate(module.folder).string(),
                                    .what = body.error().what,
                                    .why = body.error().why,
                                    .mend = body.error().mend});
    built.body = std::move(*body);
    built.elf = std::move(elf);
    return built;
}

} // namespace ovm::compiler
