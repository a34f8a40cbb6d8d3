#include <iostream>
#include <random>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "compiler/courier/courier.hpp"
#include "compiler/signer/signer.hpp"
#include "files.hpp"

namespace ovm::compiler
{
namespace
{

std::unexpected<Failure> fail(Exit exit, const std::string& file, const courier::Problem& problem)
{
    return fail(exit, {.file = file, .what = problem.what, .why = problem.why, .mend = problem.mend});
}

/// On a person's terminal, how much is there already.
void show(const std::string& name, std::size_t sent, std::size_t size)
{
    if (isatty(STDERR_FILENO) == 1)
        std::cerr << "\r" << name << ": " << sent << " of " << size << " bytes" << (sent == size ? "\n" : "")
                  << std::flush;
}

} // namespace

Done<> load(const Path& file, const Path& machine, Output output)
{
    OVM_GET(content, read_file(file));
    auto const bytes = to_bytes(content);
    // OVM knows by the name what it is to take.
    auto const name = file.stem().string() + (signer::is_key_list(bytes) ? ".okeys" : ".omod");
    auto const line = courier::connect(machine.string());
    if (!line)
        return fail(Exit::failed, machine.string(), line.error());
    auto const delivered = courier::deliver(**line, name, bytes, std::random_device{}(), {},
                                            [&name](std::size_t sent, std::size_t size) { show(name, sent, size); });
    if (!delivered)
        return fail(Exit::failed, machine.string(), delivered.error());
    if (!delivered->good)
        return fail(Exit::refused, {.file = file.string(),
                                    .what = "the machine does not take it: " + delivered->line,
                                    .why = "a running hypervisor takes what it can trust and place, and nothing else",
                                    .mend = "docs/reference/loader.md says what each refusal means"});
    if (output.json)
        output.out << nlohmann::ordered_json{{"exit", 0}, {"file", file.string()}, {"said", delivered->line}}.dump(2)
                   << "\n";
    else
        output.out << delivered->line << "\n";
    return {};
}

} // namespace ovm::compiler
