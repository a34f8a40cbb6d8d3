#pragma once

#include "pointcut.hpp"
#include "weaver.hpp"

#include "clang/AST/DeclCXX.h"

#include <string>
#include <vector>

namespace ovm::compiler
{

/// What an advice's parameter is given, by the parameter's name.
enum class Advice_parameter
{
    at,
    proceed,
    self,
    arguments,
};

enum class Advice_kind
{
    before,
    after,
    around,
};

struct Advice
{
    std::size_t index; ///< of its entry in Weaving::advice
    std::size_t aspect;
    Advice_kind kind;
    Pointcut pointcut;
    std::string call; ///< the function's full name
    std::vector<Advice_parameter> parameters;

    [[nodiscard]] bool takes(Advice_parameter parameter) const;
};

struct Introduction
{
    std::size_t index;
    std::string classes; ///< a glob
    std::string bases;   ///< `public ::Base, public ::Other`
    std::string members; ///< the text between the struct's braces
    std::string file;
    unsigned line; ///< of the text
};

/// The aspects of a translation unit, read from its tree.
/// Invariant: every pointcut was parsed, every parameter is known; what was not is in the problems.
class Aspect_set final
{
public:
    /// Looks at every struct that is marked; fills `weaving.advice` and `weaving.problems`.
    Aspect_set(clang::ASTContext& context, Weaving& weaving);

    [[nodiscard]] const std::vector<Advice>& advice() const { return advice_; }
    [[nodiscard]] const std::vector<Introduction>& introductions() const { return introductions_; }

    /// The advice in the order in which they enclose a place, outermost first. Two aspects whose order was not
    /// declared are a problem at `place`.
    [[nodiscard]] std::vector<const Advice*> ordered(std::vector<const Advice*> chosen, const Weaving_problem& place,
                                                     Weaving& weaving) const;

private:
    friend class Aspect_finder;

    void read(const clang::CXXRecordDecl& aspect, Weaving& weaving);
    void read_advice(const clang::FunctionDecl& function, std::size_t aspect, Weaving& weaving);
    void read_introduction(const clang::CXXRecordDecl& record, std::size_t aspect, Weaving& weaving);
    void close_order(Weaving& weaving);

    clang::ASTContext& context_;
    std::vector<std::string> names_;
    std::vector<Weaving_problem> places_;             ///< of the aspects, as the start of a problem
    std::vector<std::vector<std::string>> followers_; ///< as declared
    std::vector<std::vector<bool>> precedes_;         ///< with all that follows from it
    std::vector<Advice> advice_;
    std::vector<Introduction> introductions_;
};

/// The strings of the annotation `name` of a declaration, empty when it has none.
[[nodiscard]] std::vector<std::string> annotation(const clang::Decl& declaration, llvm::StringRef name);

/// A problem at a place, still without words.
[[nodiscard]] Weaving_problem problem_at(const clang::ASTContext& context, clang::SourceLocation place);

} // namespace ovm::compiler
