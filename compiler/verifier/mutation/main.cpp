#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include "mutants.hpp"
#include "own_module.hpp"
#include "preparation.hpp"
#include "proof.hpp"
#include "slice.hpp"
#include "verifier.hpp"

namespace
{

using namespace ovm::compiler::verifier;

constexpr const char* usage = R"(ovm-mutate [OPTION]... FILE.bc

Makes small mistakes in what is proved of a module, one at a time, and has each version verified. A line of JSON for
each: where, what, and by which obligation it was killed; without one it survived. Where nothing was refuted, what the
solver gave up, if that was little, is tried again with more effort; what it gives up then is named as undecided.

  --annotated      as ovm-verify has it
  --cache FOLDER   as ovm-verify has it
  --effort STEPS   as ovm-verify has it
  --list           only say what mistakes there are
  --only N         only the N-th of them, from 0; may be given several times
  --everywhere     in all functions, not only in what is proved: for code that is compiled to run
  --write FILE     prove nothing: make all that were chosen at once, and write what comes of it
)";

/// Where mistakes are made.
using Choice = std::function<std::vector<llvm::Function*>(llvm::Module&)>;

/// How much more effort a second try has.
constexpr std::uint64_t more = 3;

std::string read_file(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// What the entries' proofs look at, in the module's order.
std::vector<llvm::Function*> verified(llvm::Module& module, const std::vector<std::string>& entries)
{
    std::set<llvm::Function*> all;
    for (auto const& entry : entries)
    {
        for (auto* const function : call_tree(module, entry))
            all.insert(function);
    }
    std::vector<llvm::Function*> found;
    for (auto& function : module)
    {
        if (all.contains(&function))
            found.push_back(&function);
    }
    return found;
}

std::vector<llvm::Function*> defined(llvm::Module& module)
{
    std::vector<llvm::Function*> found;
    for (auto& function : module)
    {
        if (!function.isDeclaration())
            found.push_back(&function);
    }
    return found;
}

/// The last first, so that the numbers of the others stay theirs.
std::string with_mistakes(const std::string& bitcode, const Choice& choice, std::vector<std::size_t> numbers)
{
    Own_module own(bitcode);
    std::ranges::sort(numbers, std::greater());
    for (auto const number : numbers)
        make_mistake(choice(*own.module), number);
    llvm::SmallVector<char, 0> buffer;
    llvm::BitcodeWriter writer(buffer);
    writer.writeModule(*own.module);
    writer.writeSymtab();
    writer.writeStrtab();
    return {buffer.begin(), buffer.end()};
}

/// Those whose proofs look at the function: also by what classes say of their objects.
std::vector<std::string> concerned(llvm::Module& module, const std::vector<std::string>& entries,
                                   const std::string& function)
{
    std::vector<std::string> found;
    for (auto const& entry : entries)
    {
        auto looked_at = functions_for(module, entry);
        std::ranges::copy(call_tree(module, entry), std::back_inserter(looked_at));
        if (std::ranges::any_of(looked_at, [&](llvm::Function* one) { return one->getName() == function; }))
            found.push_back(entry);
    }
    return found;
}

/// An obligation that is not proved; best one that is refuted or refused, and not only undecided.
std::optional<Obligation> open_one(const Report& report)
{
    std::optional<Obligation> found;
    for (auto const& obligation : report.obligations)
    {
        if (obligation.verdict == Verdict::refuted || obligation.verdict == Verdict::refused)
            return obligation;
        if (obligation.verdict == Verdict::undecided && !found)
            found = obligation;
    }
    return found;
}

std::optional<Obligation> killer(const std::string& bitcode, Options options)
{
    auto const report = verify(bitcode, options);
    auto const first = open_one(report);
    if (!first || first->verdict != Verdict::undecided || report.count(Verdict::undecided) >= most_given_up)
        return first;
    options.effort *= more;
    return open_one(verify(bitcode, options));
}

llvm::json::Object describe(const Mutant& mutant)
{
    return llvm::json::Object{{"file", mutant.file},
                              {"line", static_cast<std::int64_t>(mutant.line)},
                              {"column", static_cast<std::int64_t>(mutant.column)},
                              {"function", mutant.function},
                              {"what", mutant.what}};
}

} // namespace

int main(int count, char** arguments)
{
    Options options{.threads = 1, .brief = true};
    bool only_list = false;
    bool is_everywhere = false;
    std::string target;
    std::vector<std::size_t> chosen;
    std::string file;
    for (int i = 1; i < count; ++i)
    {
        std::string const word = arguments[i];
        auto next = [&]() -> std::string { return i + 1 < count ? arguments[++i] : ""; };
        if (word == "--annotated")
            options.annotated_only = true;
        else if (word == "--cache")
            options.cache = next();
        else if (word == "--effort")
            options.effort = std::strtoul(next().c_str(), nullptr, 10);
        else if (word == "--list")
            only_list = true;
        else if (word == "--only")
            chosen.push_back(std::strtoul(next().c_str(), nullptr, 10));
        else if (word == "--everywhere")
            is_everywhere = true;
        else if (word == "--write")
            target = next();
        else
            file = word;
    }
    auto const bitcode = read_file(file);
    Own_module original(bitcode);
    if (!original.module)
    {
        std::cerr << usage << original.error << '\n';
        return 2;
    }
    auto const entries = find_entries(*original.module, options.annotated_only);
    auto const choice = [&](llvm::Module& module)
    { return is_everywhere ? defined(module) : verified(module, entries); };
    if (!target.empty())
    {
        std::ofstream(target, std::ios::binary) << with_mistakes(bitcode, choice, chosen);
        return 0;
    }
    auto const mutants = mutants_of(choice(*original.module));
    if (chosen.empty())
    {
        for (std::size_t i = 0; i < mutants.size(); ++i)
            chosen.push_back(i);
    }
    for (auto const number : chosen)
    {
        auto line = describe(mutants.at(number));
        if (!only_list)
        {
            options.entries = concerned(*original.module, entries, mutants.at(number).function);
            if (auto const obligation = killer(with_mistakes(bitcode, choice, {number}), options))
            {
                line[obligation->verdict == Verdict::undecided ? "undecided" : "killed"] = obligation->kind;
                line["verdict"] = to_text(obligation->verdict);
            }
        }
        std::string text;
        llvm::raw_string_ostream(text) << llvm::json::Value(std::move(line));
        std::cout << text << std::endl;
    }
    return 0;
}
