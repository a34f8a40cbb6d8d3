#include "reporter.hpp"

#include "clang/AST/Attr.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/Expr.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <set>

namespace ovm::checker
{
namespace
{

constexpr llvm::StringLiteral trusted_annotation = "ovm::trusted";

/// The reason that a trusted annotation gives, or nothing.
llvm::StringRef reason_of(const clang::AnnotateAttr& attribute)
{
    for (const clang::Expr* argument : attribute.args())
    {
        if (const auto* constant = llvm::dyn_cast<clang::ConstantExpr>(argument))
        {
            argument = constant->getSubExpr();
        }
        if (const auto* text = llvm::dyn_cast<clang::StringLiteral>(argument->IgnoreParenImpCasts()))
        {
            return text->getString().trim();
        }
    }
    return {};
}

/// Lines of code: neither blank nor only a comment.
unsigned code_lines(llvm::StringRef text)
{
    llvm::SmallVector<llvm::StringRef, 256> lines;
    text.split(lines, '\n');
    unsigned count = 0;
    for (llvm::StringRef line : lines)
    {
        line = line.trim();
        count += !line.empty() && !line.starts_with("//") ? 1 : 0;
    }
    return count;
}

} // namespace

Reporter::Reporter(clang::ASTContext& context, Trust& trust)
    : context_(context), sources_(context.getSourceManager()), trust_(trust)
{
    clang::DiagnosticsEngine& diagnostics = context.getDiagnostics();
    error_ = diagnostics.getCustomDiagID(clang::DiagnosticsEngine::Error, "%0 is outside the safe subset [ovm-%1]");
    note_ = diagnostics.getCustomDiagID(clang::DiagnosticsEngine::Note, "%0; instead: %1");
}

Standing Reporter::standing_at(clang::SourceLocation place)
{
    // Whatever a line marker in a module's file says that it is.
    if (trust_.is_module(sources_.getFilename(place)))
    {
        return Standing::checked;
    }
    const clang::PresumedLoc presumed = sources_.getPresumedLoc(place);
    return presumed.isValid() ? trust_.standing_of(presumed.getFilename()) : Standing::outside;
}

Standing Reporter::standing_of_file(clang::SourceLocation place)
{
    return standing_at(sources_.getExpansionLoc(place));
}

Standing Reporter::standing_of(clang::SourceLocation place)
{
    while (place.isMacroID())
    {
        if (sources_.isMacroArgExpansion(place))
        {
            place = sources_.getImmediateSpellingLoc(place);
            continue;
        }
        const Standing standing = standing_at(sources_.getSpellingLoc(place));
        if (standing != Standing::outside)
        {
            return standing;
        }
        place = sources_.getImmediateExpansionRange(place).getBegin();
    }
    return standing_of_file(place);
}

void Reporter::report(Rule rule, clang::SourceLocation place, const llvm::Twine& what)
{
    if (place.isInvalid() || standing_of(place) != Standing::checked)
    {
        return;
    }
    if (!reported_.insert({place, static_cast<unsigned>(rule)}).second)
    {
        return;
    }
    const Rule_text text = text_of(rule);
    clang::DiagnosticsEngine& diagnostics = context_.getDiagnostics();
    diagnostics.Report(place, error_) << what.str() << text.name;
    diagnostics.Report(place, note_) << text.why << text.mend;
}

bool Reporter::has_annotation(const clang::Decl* declaration)
{
    for (const clang::Decl* each : declaration->redecls())
    {
        for (const auto* attribute : each->specific_attrs<clang::AnnotateAttr>())
        {
            if (attribute->getAnnotation() != trusted_annotation)
            {
                continue;
            }
            const clang::PresumedLoc place =
                sources_.getPresumedLoc(sources_.getExpansionLoc(attribute->getLocation()));
            if (place.isValid() && trust_.is_module(place.getFilename()))
            {
                report(Rule::trusted_module, sources_.getExpansionLoc(attribute->getLocation()),
                       "a trusted annotation in a module");
                continue;
            }
            const llvm::StringRef reason = reason_of(*attribute);
            if (reason.empty())
            {
                report(Rule::trusted_reason, attribute->getLocation(), "a trusted annotation without a reason");
            }
            count(each, reason);
            return true;
        }
    }
    return false;
}

bool Reporter::is_annotated(const clang::Decl* declaration)
{
    while (declaration != nullptr)
    {
        if (has_annotation(declaration))
        {
            return true;
        }
        const clang::Decl* pattern = nullptr;
        if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(declaration))
        {
            pattern = function->getTemplateInstantiationPattern();
        }
        else if (const auto* record = llvm::dyn_cast<clang::CXXRecordDecl>(declaration))
        {
            pattern = record->getTemplateInstantiationPattern();
        }
        else if (const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration))
        {
            pattern = variable->getTemplateInstantiationPattern();
        }
        if (pattern != nullptr && pattern != declaration && has_annotation(pattern))
        {
            return true;
        }
        const clang::DeclContext* around = declaration->getDeclContext();
        declaration = around != nullptr && (around->isRecord() || around->isFunctionOrMethod())
                          ? llvm::dyn_cast<clang::Decl>(around)
                          : nullptr;
    }
    return false;
}

void Reporter::count(const clang::Decl* declaration, llvm::StringRef reason)
{
    // The definition is what is trusted; a declaration alone counts as its own lines.
    const clang::Decl* whole = declaration;
    if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(declaration))
    {
        const clang::FunctionDecl* pattern = function->getTemplateInstantiationPattern();
        const clang::FunctionDecl* definition = (pattern != nullptr ? pattern : function)->getDefinition();
        whole = definition != nullptr ? definition : declaration;
    }
    const clang::SourceLocation begin = sources_.getExpansionLoc(whole->getBeginLoc());
    const clang::SourceLocation end = sources_.getExpansionLoc(whole->getEndLoc());
    if (begin.isInvalid() || standing_of_file(begin) == Standing::outside || !counted_.insert(begin).second)
    {
        return;
    }
    const unsigned first = sources_.getExpansionLineNumber(begin);
    const unsigned last = sources_.getExpansionLineNumber(end);
    std::string name = "(unnamed)";
    if (const auto* named = llvm::dyn_cast<clang::NamedDecl>(whole))
    {
        name = named->getQualifiedNameAsString();
    }
    const clang::PresumedLoc presumed = sources_.getPresumedLoc(begin);
    annotations_.push_back("annotation\t" + trust_.relative(presumed.getFilename()) + ":" +
                           std::to_string(presumed.getLine()) + "\t" + std::to_string(last - first + 1) + "\t" + name +
                           ": " + reason.str() + "\n");
}

std::string Reporter::append_counts(llvm::StringRef path)
{
    std::string text;
    for (const std::string& line : annotations_)
    {
        text += line;
    }
    std::set<std::string> files;
    for (auto file = sources_.fileinfo_begin(); file != sources_.fileinfo_end(); ++file)
    {
        const llvm::StringRef name = file->first.getName();
        if (trust_.standing_of(name) != Standing::trusted)
        {
            continue;
        }
        if (auto buffer = sources_.getMemoryBufferForFileOrNone(file->first))
        {
            files.insert("file\t" + trust_.relative(name) + "\t" + std::to_string(code_lines(buffer->getBuffer())) +
                         "\n");
        }
    }
    for (const std::string& line : files)
    {
        text += line;
    }
    std::error_code error;
    // One write of one string: compilations that run at the same time do not tear each other's lines.
    llvm::raw_fd_ostream out(path, error, llvm::sys::fs::CD_OpenAlways, llvm::sys::fs::FA_Write,
                             llvm::sys::fs::OF_Append);
    if (error)
    {
        return "cannot write the report '" + path.str() + "': " + error.message();
    }
    out.SetUnbuffered();
    out << text;
    return {};
}

} // namespace ovm::checker
