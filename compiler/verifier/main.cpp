#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include "verifier/verifier.hpp"

namespace
{

using namespace ovm::compiler;

constexpr const char* usage = R"(ovm-verify [OPTION]... FILE.bc|FILE.ll|FILE.cpp

Proves that no check, contract or access of a module can fail.

  --all            list what was proved, too
  --json           for programs
  --cache FOLDER   keep what was proved, and do not ask again
  --smtlib FOLDER  write every question for a second solver
  --entry NAME     only this function, by its mangled name; may be given several times
  --annotated      only functions with OVM_VERIFIED, not what tables name: for parts of the hypervisor
  --output FILE    the bitcode without the proved traps
  --effort STEPS   of the solver for each question
  --memory MIB     of the solver for all that is asked at once, 1 to 4095; 3072
  --threads N      2
  -I FOLDER        for FILE.cpp

Exit status: 0 all proved, 1 not all, 2 cannot be read or compiled.
)";

constexpr unsigned memory_max = 4095; ///< MiB: the solver counts bytes in 32 bits

std::string read_file(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// As modules are compiled.
std::string compile(const std::string& source, const std::vector<std::string>& includes)
{
    auto const output = "/tmp/ovm-verify-" + std::to_string(::getpid()) + ".bc";
    std::string command =
        "clang++-19 -std=c++23 -ffreestanding -nostdinc++ -isystem /usr/lib/llvm-19/include/c++/v1 -fno-exceptions "
        "-fno-rtti -fno-threadsafe-statics -fPIC -fvisibility=hidden -mno-red-zone -mno-sse -mno-mmx "
        "-mno-implicit-float -g -O1 -Xclang -disable-llvm-passes -emit-llvm -DOVM_VERIFY "
        "-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST "
        "-fsanitize=undefined,unsigned-integer-overflow,unsigned-shift-base,implicit-conversion "
        "-fno-sanitize=alignment,pointer-overflow,object-size,vptr,function -fsanitize-trap=all -c";
    for (auto const& folder : includes)
        command += " -I'" + folder + "'";
    command += " '" + source + "' -o '" + output + "'";
    if (std::system(command.c_str()) != 0)
        return {};
    auto bitcode = read_file(output);
    std::remove(output.c_str());
    return bitcode;
}

} // namespace

int main(int count, char** arguments)
{
    verifier::Options options;
    std::vector<std::string> includes;
    std::string file;
    std::string output;
    bool all = false;
    bool json = false;
    for (int i = 1; i < count; ++i)
    {
        std::string const word = arguments[i];
        auto next = [&]() -> std::string { return i + 1 < count ? arguments[++i] : ""; };
        if (word == "--all")
            all = true;
        else if (word == "--json")
            json = true;
        else if (word == "--cache")
            options.cache = next();
        else if (word == "--smtlib")
            options.smtlib = next();
        else if (word == "--entry")
            options.entries.push_back(next());
        else if (word == "--annotated")
            options.annotated_only = true;
        else if (word == "--output")
            output = next();
        else if (word == "--effort")
            options.effort = std::strtoul(next().c_str(), nullptr, 10);
        else if (word == "--memory")
            options.memory = static_cast<unsigned>(std::strtoul(next().c_str(), nullptr, 10));
        else if (word == "--threads")
            options.threads = static_cast<unsigned>(std::strtoul(next().c_str(), nullptr, 10));
        else if (word == "-I")
            includes.push_back(next());
        else if (word.starts_with("-") || !file.empty())
        {
            std::cerr << usage;
            return 2;
        }
        else
            file = word;
    }
    if (file.empty() || options.effort == 0 || options.memory == 0 || options.memory > memory_max)
    {
        std::cerr << usage;
        return 2;
    }
    auto const bitcode = file.ends_with(".cpp") ? compile(file, includes) : read_file(file);
    if (bitcode.empty())
    {
        std::cerr << "cannot read or compile " << file << '\n';
        return 2;
    }
    auto const report = verifier::verify(bitcode, options);
    std::cout << (json ? verifier::to_json(report) + "\n" : verifier::to_text(report, all));
    if (!output.empty() && report.error.empty())
        std::ofstream(output, std::ios::binary) << report.bitcode;
    return !report.error.empty() ? 2 : report.good() ? 0 : 1;
}
