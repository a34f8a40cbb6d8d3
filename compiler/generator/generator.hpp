#pragma once

#include <string>
#include <vector>

/// What declarations ask for is written: stand-ins and forwarders of families, trace maps of collected classes, names
/// of what a swap loses. No other stage is used here, and no state is kept.
namespace ovm::compiler
{

/// One thing that is wrong, as a good compiler says it.
struct Generating_problem
{
    std::string file;
    unsigned line = 0;
    std::string what;
    std::string why;
    std::string mend;
};

/// The code of one source file that asks for some: the contents of what it includes as `NAME.generated.hpp`.
struct Generated_file
{
    std::string source; ///< as the request names it
    std::string text;
};

/// What to read, and how. Sources are named from `root`, as an `#include` names them. Headers are read together, as if
/// one file included them all; any other source is read by itself.
struct Generating_request
{
    std::string root;
    std::vector<std::string> sources;
    std::vector<std::string> command; ///< the compiler and its flags
};

/// What came of it. With problems, no file of it is to be used.
struct Generating
{
    std::vector<Generated_file> files;
    std::vector<std::string> dependencies; ///< files that were read, without those of the system
    std::vector<Generating_problem> problems;

    [[nodiscard]] bool good() const { return problems.empty(); }
};

[[nodiscard]] Generating generate(const Generating_request& request);

/// `FILE.hpp` and `FILE.cpp` include `FILE.generated.hpp`.
[[nodiscard]] std::string generated_name(const std::string& source);

[[nodiscard]] std::string to_text(const Generating_problem& problem);
[[nodiscard]] std::string to_json(const Generating& generating);

} // namespace ovm::compiler
