// ovmc: builds, signs and shows modules. docs/reference/modules.md says what they are.
#include <functional>
#include <iostream>

#include <CLI/CLI.hpp>

#include "commands.hpp"

namespace ovm::compiler
{
namespace
{

/// What the command line asked for; the subcommand that was given is in `wanted`.
struct Line
{
    bool json = false;
    Build_request build{};
    Weave_request weave{};
    Path folder{};
    bool all = false;
    Path file{};
    Path key{};
    Path machine{};
    std::optional<Path> target{};
    Path key_name{};
    Key_list_request keys{};
    std::string family{};
    std::string name{};
    std::function<Done<>(const Tools&, Output)> wanted{};
};

void describe_build(CLI::App& app, Line& line)
{
    auto* const build = app.add_subcommand("build", "Build a module: NAME.omod, and NAME.elf for debuggers");
    build->add_option("MODULE", line.build.module, "Its folder, with module.toml")->required();
    build->add_option("--key", line.build.key, "Sign it with this private key (NAME.key)");
    build->add_option("-o,--output", line.build.file, "Where to write it (NAME.omod)");
    build->add_flag("--unproved", line.build.unproved,
                    "Without the verifier: all checks stay in the code, and it is not signed");
    build->callback(
        [&line]
        { line.wanted = [&line](auto& tools, auto out) { return ovm::compiler::build(tools, line.build, out); }; });

    auto* const check = app.add_subcommand("check", "Only say whether a module keeps the safe subset");
    check->add_option("MODULE", line.folder, "Its folder")->required();
    check->callback(
        [&line]
        { line.wanted = [&line](auto& tools, auto out) { return ovm::compiler::check(tools, line.folder, out); }; });

    auto* const verify = app.add_subcommand("verify", "Only say what of a module is proved, and what is not");
    verify->add_option("MODULE", line.folder, "Its folder")->required();
    verify->add_flag("--all", line.all, "List what is proved, too");
    verify->callback(
        [&line]
        {
            line.wanted = [&line](auto& tools, auto out)
            { return ovm::compiler::verify(tools, line.folder, line.all, out); };
        });

    auto* const weave = app.add_subcommand("weave", "Weave aspects into a source: what is advised where");
    weave->add_option("FILE", line.weave.source, "A source of the hypervisor or of a module")->required();
    weave->add_option("--aspect", line.weave.aspects, "An aspect: a folder of aspects/, or a file (all that ship)")
        ->allow_extra_args(false);
    weave->add_option("-o,--output", line.weave.file, "Where to write the woven source (NAME.woven.ii)");
    weave->callback(
        [&line]
        { line.wanted = [&line](auto& tools, auto out) { return ovm::compiler::weave(tools, line.weave, out); }; });

    auto* const fresh = app.add_subcommand("new", "Write a small module that works, and its test");
    fresh->add_option("FAMILY", line.family, "scheduler")->required();
    fresh->add_option("NAME", line.name, "Its name, and its folder's")->required();
    fresh->callback(
        [&line]
        {
            line.wanted = [&line](auto& tools, auto out)
            { return make_module_folder(tools, line.family, line.name, out); };
        });
}

void describe_files(CLI::App& app, Line& line)
{
    auto* const sign = app.add_subcommand("sign", "Sign a module's file, whoever signed it before");
    sign->add_option("FILE", line.file, "The module (NAME.omod)")->required();
    sign->add_option("--key", line.key, "The private key (NAME.key)")->required();
    sign->add_option("-o,--output", line.target, "Where to write it (the same file)");
    sign->callback(
        [&line]
        {
            line.wanted = [&line](auto&, auto out)
            { return ovm::compiler::sign(line.file, line.key, line.target, out); };
        });

    auto* const load = app.add_subcommand("load", "Bring a module, or a list of keys, to a machine that is running");
    load->add_option("FILE", line.file, "NAME.omod or NAME.okeys")->required();
    load->add_option("--machine", line.machine, "The socket that ./run --control SOCKET made")->required();
    load->callback(
        [&line]
        { line.wanted = [&line](auto&, auto out) { return ovm::compiler::load(line.file, line.machine, out); }; });

    auto* const inspect = app.add_subcommand("inspect", "Show what a module's file, or a list of keys, says");
    inspect->add_option("FILE", line.file, "NAME.omod or NAME.okeys")->required();
    inspect->callback([&line]
                      { line.wanted = [&line](auto&, auto out) { return ovm::compiler::inspect(line.file, out); }; });
}

void describe_keys(CLI::App& app, Line& line)
{
    auto* const key = app.add_subcommand("key", "Make a key: NAME.key, which signs, and NAME.pub, which checks");
    key->add_option("NAME", line.key_name, "Where, without the ending")->required();
    key->callback([&line] { line.wanted = [&line](auto&, auto out) { return make_key(line.key_name, out); }; });

    auto* const keys = app.add_subcommand("keys", "Sign a list that adds and revokes keys and modules");
    keys->add_option("--key", line.keys.key, "The private key of one that is trusted now")->required();
    keys->add_option("--counter", line.keys.counter, "Higher than that of every list before")->required();
    keys->add_option("--add", line.keys.add, "A public key (NAME.pub) that is trusted from now on");
    keys->add_option("--revoke", line.keys.revoke, "A public key that is not trusted any more");
    keys->add_option("--revoke-module", line.keys.modules, "NAME:VERSION, which is refused with all before it");
    keys->add_option("-o,--output", line.keys.file, "Where to write the list (NAME.okeys)")->required();
    keys->callback([&line] { line.wanted = [&line](auto&, auto out) { return make_key_list(line.keys, out); }; });
}

int tell(const Failure& failure, bool json)
{
    if (json && !failure.problems.empty())
        std::cout << to_json(failure);
    else if (!failure.said.empty() && failure.exit == Exit::refused)
        std::cerr << failure.said;
    else
    {
        for (auto const& problem : failure.problems)
            std::cerr << to_text(problem);
    }
    return static_cast<int>(failure.exit);
}

int serve(int count, char** arguments)
{
    Line line;
    CLI::App app("Builds, signs and shows modules of OVM.", "ovmc");
    app.require_subcommand(1);
    app.fallthrough();
    app.add_flag("--json", line.json, "Say everything as JSON");
    app.footer("Exit status: 0 all is well, 1 the module is refused, 2 the command line is wrong, 3 a file or tool\n"
               "failed, 4 a signature is wrong or missing.");
    describe_build(app, line);
    describe_files(app, line);
    describe_keys(app, line);
    try
    {
        app.parse(count, arguments);
    }
    catch (const CLI::ParseError& error)
    {
        return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::usage);
    }
    Tools const tools{.tree = OVM_TREE, .checker = OVM_CHECKER, .weaver = OVM_WEAVER, .generated = OVM_GENERATED};
    auto const done = line.wanted(tools, {std::cout, line.json});
    return done ? 0 : tell(done.error(), line.json);
}

} // namespace
} // namespace ovm::compiler

int main(int count, char** arguments)
{
    return ovm::compiler::serve(count, arguments);
}
