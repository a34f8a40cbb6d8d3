#pragma once

#include <string>
#include <vector>

/// Aspects, woven into one translation unit. No other stage is used here, and no state is kept.
namespace ovm::compiler
{

/// One thing that is wrong, as a good compiler says it.
struct Weaving_problem
{
    std::string file;
    unsigned line = 0;
    unsigned column = 0; ///< 0: the whole line
    std::string what;
    std::string why;
    std::string mend;
};

/// One piece of advice at one place.
struct Woven_join_point
{
    std::string aspect;
    std::string advice;
    std::string kind;  ///< before, after, around, introduce
    std::string place; ///< execution, call, class
    std::string name;  ///< the function or class, with its scopes
    std::string file;
    unsigned line = 0;
};

/// One piece of advice, and where it stands.
struct Aspect_advice
{
    std::string aspect;
    std::string advice;
    std::string file;
    unsigned line = 0;
    std::string pointcut;
    std::size_t matches = 0;
};

struct Weaving_request
{
    std::vector<std::string> aspects; ///< files
    std::string source;
    /// The compiler, then what it is given: include folders, macros, language and so on, but neither input nor output.
    std::vector<std::string> command;
    /// The translation unit is the whole program: advice that matches nothing in it is an error.
    bool whole = true;
};

struct Weaving
{
    bool untouched = false; ///< nothing in it can match: compile the source as it is
    std::string text;       ///< preprocessed source with the advice, line markers kept
    std::vector<Woven_join_point> map;
    std::vector<Aspect_advice> advice; ///< in the order of their files
    std::vector<Weaving_problem> problems;

    [[nodiscard]] bool good() const { return problems.empty(); }
};

/// Weaves. With problems there is no text.
[[nodiscard]] Weaving weave(const Weaving_request& request);

/// Whether a source, or a header of the project that it includes, can hold a place that the aspects advise: a look at
/// the text, without compiler and preprocessor. Functions that macros make are not seen.
[[nodiscard]] bool can_match(const Weaving_request& request);

/// The map of a program from those of its translation units. A place that several of them share, such as an inline
/// function, is named once. What matched nowhere is a problem.
[[nodiscard]] Weaving merge(const std::vector<Weaving>& parts);

[[nodiscard]] std::string to_json(const Weaving& weaving);
/// Reads what to_json() wrote; false: it did not.
[[nodiscard]] bool from_json(const std::string& text, Weaving& weaving);
[[nodiscard]] std::string to_text(const Weaving& weaving);
[[nodiscard]] std::string to_text(const Weaving_problem& problem);

} // namespace ovm::compiler
