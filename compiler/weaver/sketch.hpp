#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ovm::compiler
{

/// What a source text seems to define, seen without preprocessor and compiler.
struct Sketch
{
    std::set<std::string> functions; ///< that have a body, with their scopes
    std::set<std::string> classes;
    std::set<std::string> called; ///< names before a parenthesis, without scopes
    /// Tags of OVM_TAG, each behind the class or function that has it.
    std::set<std::pair<std::string, std::string>> tags;

    void merge(const Sketch& other);
};

/// Reads a text. Both sides of a condition of the preprocessor count; functions that macros make are not seen.
[[nodiscard]] Sketch sketch_of(std::string_view text);

/// The files that a text includes, as written.
[[nodiscard]] std::vector<std::string> includes_of(std::string_view text);

/// The strings that `macro("...")` is given in a text; adjacent literals are one.
[[nodiscard]] std::vector<std::string> strings_of(std::string_view text, std::string_view macro);

} // namespace ovm::compiler
