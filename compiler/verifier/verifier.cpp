#include "verifier.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <llvm/ADT/StringExtras.h>
#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SHA256.h>

#include "contracts.hpp"
#include "decision.hpp"
#include "own_module.hpp"
#include "preparation.hpp"
#include "proof.hpp"
#include "slice.hpp"
#include "stack.hpp"
#include "traps.hpp"

namespace ovm::compiler::verifier
{

namespace
{

/// The worse of two verdicts about one place.
bool is_worse(Verdict a, Verdict b)
{
    auto const rank = [](Verdict verdict)
    {
        switch (verdict)
        {
        case Verdict::proved:
            return 0;
        case Verdict::assumed:
            return 1;
        case Verdict::undecided:
            return 2;
        case Verdict::refuted:
            return 3;
        case Verdict::refused:
            return 4;
        }
        return 4;
    };
    return rank(a) > rank(b);
}

std::string why(const Obligation& obligation)
{
    if (!obligation.why.empty())
        return obligation.why;
    if (obligation.verdict == Verdict::undecided)
        return "the solver gave up; a loop invariant or an assertion before it may help";
    if (obligation.verdict == Verdict::refuted && obligation.kind == vacuity)
        return obligation.text + ", so that anything could be proved there";
    if (obligation.verdict == Verdict::refuted)
        return "this can happen for the values below, as far as the invariants say";
    return {};
}

/// Instances of one obligation become one, with the worst verdict; in the order of the source.
std::vector<Obligation> joined(std::vector<Proof>& results)
{
    std::map<std::tuple<std::string, unsigned, unsigned, std::string, std::string, int>, Obligation> all;
    for (auto& result : results)
    {
        for (auto& obligation : result.obligations)
        {
            bool const by_entry = obligation.line == 0;
            auto const key =
                std::tuple(obligation.file, obligation.line, obligation.column, obligation.kind,
                           by_entry ? obligation.entry + obligation.text : obligation.function, obligation.trap);
            auto const [at, is_new] = all.try_emplace(key, obligation);
            if (!is_new && is_worse(obligation.verdict, at->second.verdict))
                at->second = obligation;
        }
    }
    std::vector<Obligation> list;
    for (auto& [key, obligation] : all)
    {
        obligation.why = why(obligation);
        list.push_back(std::move(obligation));
    }
    return list;
}

std::string digest_of(const Report& report)
{
    llvm::SHA256 hash;
    for (auto const& obligation : report.obligations)
        hash.update(obligation.kind + '\0' + obligation.file + ':' + std::to_string(obligation.line) + ':' +
                    std::to_string(obligation.column) + '\0' + obligation.function + '\0' + obligation.text + '\0' +
                    to_text(obligation.verdict) + '\n');
    return llvm::toHex(hash.final(), true);
}

std::set<std::string> without_body(llvm::Module& module, const std::vector<std::string>& entries)
{
    std::set<std::string> found;
    for (auto const& entry : entries)
    {
        for (auto* const function : call_tree(module, entry))
        {
            for (auto const& instruction : llvm::instructions(*function))
            {
                auto const* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
                auto const* const callee = call == nullptr ? nullptr : call->getCalledFunction();
                if (callee != nullptr && callee->isDeclaration() && own_contract(module, *callee) != nullptr)
                    found.insert(readable(callee->getName().str()));
            }
        }
    }
    return found;
}

} // namespace

const char* to_text(Verdict verdict)
{
    switch (verdict)
    {
    case Verdict::proved:
        return "proved";
    case Verdict::assumed:
        return "assumed";
    case Verdict::refuted:
        return "refuted";
    case Verdict::undecided:
        return "undecided";
    case Verdict::refused:
        return "refused";
    }
    return "unknown";
}

bool Report::good() const
{
    return error.empty() &&
           std::all_of(obligations.begin(), obligations.end(), [](const Obligation& obligation)
                       { return obligation.verdict == Verdict::proved || obligation.verdict == Verdict::assumed; });
}

unsigned Report::count(Verdict verdict) const
{
    return static_cast<unsigned>(std::ranges::count(obligations, verdict, &Obligation::verdict));
}

Report verify(const std::string& bitcode, const Options& options)
{
    Report report;
    Own_module whole(bitcode);
    if (!whole.module)
    {
        report.error = "not a module of LLVM 19: " + whole.error;
        return report;
    }
    whole.module->convertToNewDbgValues();
    number_traps(*whole.module);
    auto const entries =
        options.entries.empty() ? find_entries(*whole.module, options.annotated_only) : options.entries;
    if (entries.empty())
    {
        report.error = "the module has no entry: neither a policy nor a function with OVM_VERIFIED";
        return report;
    }
    limit_memory(options.memory);
    std::vector<Proof> results(entries.size());
    std::mutex lock;
    std::size_t next = 0;
    unsigned done = 0;
    bool failed = false;
    auto work = [&]
    {
        for (;;)
        {
            std::size_t mine = 0;
            {
                std::scoped_lock guard(lock);
                if (next == entries.size() || (options.brief && failed))
                    return;
                mine = next++;
            }
            results[mine] = prove(bitcode, entries[mine], options);
            std::scoped_lock guard(lock);
            ++done;
            failed = failed || results[mine].is_lost();
            if (options.progress)
                options.progress(results[mine].entry.name, done, static_cast<unsigned>(entries.size()));
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < std::max(options.threads, 1u); ++i)
        threads.emplace_back(work);
    for (auto& thread : threads)
        thread.join();

    std::set<int> proved;
    for (auto const& result : results)
        proved.insert(result.in_tree.begin(), result.in_tree.end());
    for (auto const& result : results)
    {
        for (auto const trap : result.failed)
            proved.erase(trap);
        report.questions += result.asked;
        report.cached += result.known;
    }
    report.obligations = joined(results);
    for (auto& result : results)
    {
        if (auto* const function =
                whole.module->getFunction(entries[static_cast<std::size_t>(&result - results.data())]))
            result.entry.stack = stack_of(*function);
        report.stack = std::max(report.stack, result.entry.stack);
        report.entries.push_back(result.entry);
    }
    report.taken_for_granted = without_body(*whole.module, entries);
    report.digest = digest_of(report);
    report.removed = remove_traps(*whole.module, proved);
    llvm::SmallVector<char, 0> buffer;
    llvm::BitcodeWriter writer(buffer);
    writer.writeModule(*whole.module);
    writer.writeSymtab();
    writer.writeStrtab();
    report.bitcode.assign(buffer.begin(), buffer.end());
    return report;
}

} // namespace ovm::compiler::verifier
