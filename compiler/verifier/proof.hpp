#pragma once

#include <set>
#include <string>
#include <vector>

#include "verifier.hpp"

namespace ovm::compiler::verifier
{

/// What becomes an obligation when no path is possible where one must be.
inline constexpr const char* vacuity = "vacuity";

/// Who looks for a failure alone takes it for one when the solver has given up so often: more effort would not help.
inline constexpr unsigned most_given_up = 4;

/// What came of one entry.
struct Proof
{
    Entry entry{};
    std::vector<Obligation> obligations{};
    std::set<int> in_tree{}; ///< traps that its calls lead to
    std::set<int> failed{};  ///< of these: not proved, or preconditions, whose checks stay
    unsigned asked = 0;
    unsigned known = 0;

    bool is_good() const;
    bool is_lost() const; ///< something is refuted or refused, or was given up most_given_up times
};

/// Proves one entry of the module. Concurrency: any thread, with a module of its own.
Proof prove(const std::string& bitcode, const std::string& entry, const Options& options);

} // namespace ovm::compiler::verifier
