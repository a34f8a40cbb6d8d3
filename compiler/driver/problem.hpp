#pragma once

#include <expected>
#include <string>
#include <vector>

namespace ovm::compiler
{

/// What is wrong and where, as a good compiler says it.
struct Problem
{
    std::string file{}; ///< empty: of the whole module or command
    unsigned line = 0;
    unsigned column = 0;
    std::string what{};
    std::string why{};
    std::string mend{};
};

/// Documented in docs/reference/modules.md.
enum class Exit
{
    good = 0,
    refused = 1,  ///< the module is at fault
    usage = 2,    ///< the command line is
    failed = 3,   ///< a file or a tool is
    signature = 4 ///< a signature is wrong or missing
};

struct Failure
{
    Exit exit = Exit::refused;
    std::vector<Problem> problems{};
    std::string said{}; ///< of the problems by the tool that found them, with lines of source; may be empty
};

template <typename T = void>
using Done = std::expected<T, Failure>;

inline std::unexpected<Failure> fail(Exit exit, Problem problem)
{
    return std::unexpected(Failure{exit, {std::move(problem)}, {}});
}

/// For people, each ended by a line's end.
std::string to_text(const Problem& problem);
/// For programs: an object with `exit` and `problems`.
std::string to_json(const Failure& failure);

} // namespace ovm::compiler

/// The value of a Done, or a return of its failure to the caller.
#define OVM_GET(variable, ...)                                                                                         \
    auto variable##_or_failure = (__VA_ARGS__);                                                                        \
    if (!variable##_or_failure)                                                                                        \
        return std::unexpected(std::move(variable##_or_failure).error());                                              \
    auto& variable = *variable##_or_failure

/// For a Done<>.
#define OVM_DO(...)                                                                                                    \
    if (auto done_or_failure = (__VA_ARGS__); !done_or_failure)                                                        \
    return std::unexpected(std::move(done_or_failure).error())
