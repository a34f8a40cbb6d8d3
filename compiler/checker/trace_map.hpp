#pragma once

#include "reporter.hpp"

#include "clang/AST/DeclCXX.h"

namespace ovm::checker
{

/// Holds the collector's trace maps against the classes that they describe: each reference to a collected object that
/// an object contains, in itself, its bases, its members or their elements, is named. A missing one would be
/// swept while it is in use.
class Trace_map final
{
public:
    Trace_map(clang::ASTContext& context, Reporter& reporter) : context_(context), reporter_(reporter) {}

    /// Judges a class that is complete and depends on no template parameter.
    void check_class(const clang::CXXRecordDecl& record);

private:
    clang::ASTContext& context_;
    Reporter& reporter_;
};

} // namespace ovm::checker
