#pragma once

#include "clang/AST/Decl.h"
#include "clang/AST/Expr.h"
#include "clang/AST/Stmt.h"

#include <string>

namespace ovm::compiler
{

/// The braces of a function; null: its body is something else.
[[nodiscard]] const clang::CompoundStmt* statements_of(const clang::FunctionDecl& function);

/// How a function's body names its object; empty: it has none.
[[nodiscard]] std::string self_of(const clang::FunctionDecl& function);

/// A function's parameters, separated by commas, packs expanded, without the explicit object.
[[nodiscard]] std::string arguments_of(const clang::FunctionDecl& function);

/// The declared return type, as it may stand behind `->` in the function's body.
[[nodiscard]] std::string result_of(const clang::FunctionDecl& function);

/// Why a body cannot become a lambda's; empty: it can.
[[nodiscard]] std::string obstacle_to_lambda(const clang::FunctionDecl& function);

/// Why a call cannot move into a lambda; empty: it can.
[[nodiscard]] std::string obstacle_to_lambda(const clang::CallExpr& call, const clang::FunctionDecl& callee);

/// `# LINE "FILE" FLAG`, on a line of its own.
[[nodiscard]] std::string line_marker(unsigned line, const std::string& file, int flag);

} // namespace ovm::compiler
