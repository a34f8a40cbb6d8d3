#include "verifier.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <llvm/ADT/StringExtras.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/Support/SHA256.h>
#include <llvm/Support/SourceMgr.h>

#include "decision.hpp"
#include "preparation.hpp"
#include "stack.hpp"
#include "traps.hpp"

namespace ovm::compiler::verifier
{

namespace
{

constexpr const char* vacuity = "vacuity";

/// A module in a context of its own: each thread needs one for each entry, as preparation changes it.
struct Own_module
{
    llvm::LLVMContext context{};
    std::unique_ptr<llvm::Module> module{};
    std::vector<Trap> traps{};
    std::string error{};

    explicit Own_module(const std::string& bitcode)
    {
        llvm::SMDiagnostic diagnostic;
        module = llvm::parseIR(llvm::MemoryBufferRef(bitcode, "module"), diagnostic, context);
        if (!module)
        {
            error = diagnostic.getMessage().str();
            return;
        }
        module->convertToNewDbgValues();
        traps = number_traps(*module);
    }
};

struct Result
{
    Entry entry{};
    std::vector<Obligation> obligations{};
    std::set<int> in_tree{}; ///< traps that its calls lead to
    std::set<int> failed{};
    bool refused = false;
    unsigned asked = 0;
    unsigned known = 0;
};

void place(Obligation& obligation, const llvm::DebugLoc& at)
{
    if (!at)
        return;
    obligation.file = at->getFilename().str();
    obligation.line = at.getLine();
    obligation.column = at.getCol();
    if (auto* const scope = at->getScope()->getSubprogram())
        obligation.function =
            scope->getLinkageName().empty() ? scope->getName().str() : readable(scope->getLinkageName().str());
    for (auto* outer = at->getInlinedAt(); outer != nullptr; outer = outer->getInlinedAt())
    {
        auto* const scope = outer->getScope()->getSubprogram();
        obligation.called_from.push_back(outer->getFilename().str() + ":" + std::to_string(outer->getLine()) +
                                         (scope != nullptr ? " in " + scope->getName().str() : std::string()));
    }
}

void collect(llvm::Function& function, std::set<llvm::Function*>& seen, std::set<int>& traps)
{
    if (!seen.insert(&function).second)
        return;
    for (auto& instruction : llvm::instructions(function))
    {
        auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
        if (call == nullptr)
            continue;
        if (auto const number = number_of(*call); number >= 0)
            traps.insert(number);
        if (auto* const callee = call->getCalledFunction(); callee != nullptr && !callee->isDeclaration())
            collect(*callee, seen, traps);
    }
}

class Proof
{
public:
    Proof(const std::string& bitcode, const std::string& entry, const Options& options)
        : own_(bitcode), name_(entry), options_(options)
    {
    }

    Result run()
    {
        auto const begin = std::chrono::steady_clock::now();
        result_.entry.name = readable(name_);
        if (auto* const function = own_.module->getFunction(name_))
        {
            std::set<llvm::Function*> seen;
            collect(*function, seen, result_.in_tree);
        }
        try
        {
            prove();
        }
        catch (const Refusal& refusal)
        {
            refuse(refusal);
        }
        catch (const z3::exception& exception)
        {
            refuse({std::string("the solver: ") + exception.msg()});
        }
        result_.entry.obligations = static_cast<unsigned>(result_.obligations.size());
        result_.entry.assumed = static_cast<unsigned>(
            std::count_if(result_.obligations.begin(), result_.obligations.end(),
                          [](const Obligation& obligation) { return obligation.verdict == Verdict::assumed; }));
        result_.entry.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        return std::move(result_);
    }

private:
    void prove()
    {
        auto const prepared = prepare(*own_.module, name_);
        Logic logic;
        Execution execution(logic, prepared);
        execution.run();
        auto questions = execution.questions();
        auto const entry = readable(name_);
        Decision decision(logic, execution, options_, name_.substr(0, 80));
        auto const answers = decision.decide();
        result_.asked = decision.asked();
        result_.known = decision.known();
        for (std::size_t i = 0; i < questions.size(); ++i)
            take(questions[i], answers[i], entry);
        // Behind what fails always there is no path: that says nothing about the assumptions.
        auto& all = result_.obligations;
        if (std::any_of(all.begin(), all.end(),
                        [](const Obligation& one) { return one.verdict == Verdict::refuted && one.kind != vacuity; }))
            std::erase_if(all,
                          [](const Obligation& one) { return one.verdict == Verdict::refuted && one.kind == vacuity; });
    }

    void take(const Question& question, const Answer& answer, const std::string& entry)
    {
        Obligation obligation;
        obligation.kind = question.kind;
        obligation.text = question.text;
        obligation.entry = entry;
        obligation.trap = question.trap;
        place(obligation, question.at);
        obligation.verdict = answer.verdict;
        obligation.values = answer.values;
        if (question.trap >= 0)
        {
            auto const& trap = own_.traps.at(static_cast<std::size_t>(question.trap));
            obligation.kind = trap.kind;
            obligation.text = trap.text;
            if (trap.line != 0)
            {
                obligation.file = trap.file;
                obligation.line = trap.line;
                obligation.column = trap.column;
            }
            obligation.function = trap.function;
            // What an entry requires is its caller's duty; the check stays.
            if (trap.kind == "precondition" && trap.function == entry)
            {
                obligation.verdict = Verdict::assumed;
                obligation.values.clear();
            }
            if (obligation.verdict != Verdict::proved)
                result_.failed.insert(question.trap);
        }
        if (obligation.function.empty())
            obligation.function = entry;
        result_.obligations.push_back(std::move(obligation));
    }

    void refuse(const Refusal& refusal)
    {
        Obligation obligation;
        obligation.kind = "unsupported";
        obligation.entry = readable(name_);
        obligation.function = obligation.entry;
        obligation.text = refusal.what;
        obligation.verdict = Verdict::refused;
        obligation.why = "the verifier does not support " + refusal.what + ": nothing of this function is proved";
        if (refusal.at != nullptr)
            place(obligation, refusal.at->getDebugLoc());
        result_.obligations = {obligation};
        result_.failed = result_.in_tree;
        result_.refused = true;
    }

    Own_module own_;
    std::string name_;
    const Options& options_;
    Result result_{};
};

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
std::vector<Obligation> joined(std::vector<Result>& results)
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

Report verify(const std::string& bitcode, const Options& options)
{
    Report report;
    Own_module whole(bitcode);
    if (!whole.module)
    {
        report.error = "not a module of LLVM 19: " + whole.error;
        return report;
    }
    auto const entries =
        options.entries.empty() ? find_entries(*whole.module, options.annotated_only) : options.entries;
    if (entries.empty())
    {
        report.error = "the module has no entry: neither a policy nor a function with OVM_VERIFIED";
        return report;
    }
    std::vector<Result> results(entries.size());
    std::mutex lock;
    std::size_t next = 0;
    unsigned done = 0;
    auto work = [&]
    {
        for (;;)
        {
            std::size_t mine = 0;
            {
                std::scoped_lock guard(lock);
                if (next == entries.size())
                    return;
                mine = next++;
            }
            results[mine] = Proof(bitcode, entries[mine], options).run();
            std::scoped_lock guard(lock);
            ++done;
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
