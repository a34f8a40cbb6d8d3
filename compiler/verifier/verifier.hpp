#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

/// The verifier: proves that no run-time check, contract or access of a module can fail, from the LLVM IR that is
/// compiled afterwards. README.md says what is proved, what is assumed and what is refused.
namespace ovm::compiler::verifier
{

enum class Verdict : std::uint8_t
{
    proved,    ///< for every state and argument that the assumptions allow
    assumed,   ///< the caller's duty: a precondition of an entry. Its run-time check stays
    refuted,   ///< there is a counterexample
    undecided, ///< the solver gave up in time
    refused,   ///< the function uses what the verifier does not support: nothing of it is proved
};

const char* to_text(Verdict verdict);

struct Named_value
{
    std::string name{};
    std::string value{};
};

/// One thing that must hold, wherever an entry's calls lead to that place.
struct Obligation
{
    std::string kind{}; ///< "precondition", "addition overflows", "access outside of its object", ...
    std::string file{}; ///< where in the source
    unsigned line = 0;
    unsigned column = 0;
    std::string function{}; ///< in which it stands
    std::string entry{};    ///< by which it was reached; the first that failed, if one did
    std::string text{};     ///< the contract's expression, where there is one
    Verdict verdict = Verdict::undecided;
    std::string why{};                      ///< one sence more: of a failure, or of a refusal
    std::vector<std::string> called_from{}; ///< places, innermost first
    std::vector<Named_value> values{};      ///< of a counterexample: arguments, locals and members
    int trap = -1;                          ///< number of the trap in the bitcode, or -1
};

struct Entry
{
    std::string name{}; ///< demangled
    std::uint64_t stack = 0;
    unsigned obligations = 0;
    unsigned assumed = 0; ///< of these
    double seconds = 0;
};

struct Options
{
    std::vector<std::string> entries{}; ///< mangled names; none: what the module's tables and annotations name
    bool annotated_only = false;        ///< of those, only what is annotated: the hypervisor's own parts
    std::string cache{};                ///< a folder, made if it is not there; none: nothing is kept
    std::string smtlib{};               ///< a folder for each query as SMT-LIB, for a second solver; none: not written
    unsigned threads = 2;
    /// Whether anything fails is enough to know: the first that is refuted is the last one asked, as is the fourth that
    /// the solver gives up.
    bool brief = false;
    /// For each question to the solver, in its own steps, so that no verdict depends on how busy the machine is: far
    /// more than any question needs that is proved.
    std::uint64_t effort = 100'000'000;
    /// What the solver may take for all that is asked at once, in MiB, below 4096: it gives up a question for which
    /// that is not enough. No proof of what is true has needed a fourth of it, but a search for what is not can take
    /// all there is.
    unsigned memory = 3072;
    std::function<void(const std::string& entry, unsigned done, unsigned all)> progress{};
};

struct Report
{
    std::vector<Obligation> obligations{};
    std::vector<Entry> entries{};
    /// Functions, demangled, whose contracts are relied on and whose bodies are elsewhere.
    std::set<std::string> taken_for_granted{};
    std::string bitcode{};   ///< the same module without the proved traps; ready to be optimised and compiled
    std::string digest{};    ///< SHA-256, in hexadecimal, over all obligations with their verdicts
    std::uint64_t stack = 0; ///< bytes of the deepest call, from IR: an estimate; the machine code has the last word
    unsigned removed = 0;    ///< traps that are in the bitcode no more
    unsigned questions = 0;  ///< to the solver
    unsigned cached = 0;     ///< answers that were known
    std::string error{};     ///< not a module, no entry, ...; then nothing else is filled in

    bool good() const;                     ///< everything is proved or assumed
    unsigned count(Verdict verdict) const; ///< obligations
};

/// `bitcode`: one linked module, compiled with -O1 -Xclang -disable-llvm-passes, UBSan and hardening as traps.
Report verify(const std::string& bitcode, const Options& options);

/// Who decides: name and version.
std::string solver_version();

/// For programs.
std::string to_json(const Report& report);
/// For people: what failed, as a compiler says it; `all` also lists what was proved.
std::string to_text(const Report& report, bool all);

} // namespace ovm::compiler::verifier
