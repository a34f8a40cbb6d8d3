#include "reading.hpp"

#include "facts.hpp"

#include "clang/AST/ASTConsumer.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendAction.h"
#include "clang/Frontend/Utils.h"
#include "clang/Lex/PPCallbacks.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Tooling/Tooling.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/VirtualFileSystem.h"

#include <algorithm>
#include <memory>

namespace ovm::compiler
{
namespace
{

constexpr const char* unit_name = "/ovm-generate-unit.cpp";

/// Keeps the first error of a parse, as a problem.
class First_failure final : public clang::DiagnosticConsumer
{
public:
    explicit First_failure(Generating& generating) : generating_(generating) {}

    void HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic& diagnostic) override
    {
        DiagnosticConsumer::HandleDiagnostic(level, diagnostic);
        if (level < clang::DiagnosticsEngine::Error || getNumErrors() > 1)
        {
            return;
        }
        Generating_problem problem;
        llvm::SmallString<128> words;
        diagnostic.FormatDiagnostic(words);
        problem.what = words.str().str();
        problem.why = "this does not compile while what is to be written is not there yet";
        problem.mend = "mend it; an interface and what uses its stand-in stand in headers of their own";
        if (diagnostic.hasSourceManager() && diagnostic.getLocation().isValid())
        {
            const auto place = diagnostic.getSourceManager().getPresumedLoc(diagnostic.getLocation());
            problem.file = place.getFilename();
            problem.line = place.getLine();
        }
        generating_.problems.push_back(std::move(problem));
    }

private:
    Generating& generating_;
};

/// What is to be written cannot be read.
class Without_generated final : public clang::PPCallbacks
{
public:
    bool FileNotFound(llvm::StringRef name) override { return name.ends_with(".generated.hpp"); }
};

/// What is read together, and what comes of it.
struct Reading
{
    const Generating_request& request;
    const std::vector<std::string>& sources;
    Generating& generating;
    Declarations& declarations;
};

/// Finds what is marked in the sources; what else they include is other sources' affair.
class Finder final : public clang::RecursiveASTVisitor<Finder>
{
public:
    Finder(clang::ASTContext& context, const Reading& reading)
        : facts_(context, reading.request.root, reading.generating), reading_(reading)
    {
    }

    bool VisitCXXRecordDecl(clang::CXXRecordDecl* record)
    {
        if (!record->isThisDeclarationADefinition() || record->isInvalidDecl())
        {
            return true;
        }
        const bool is_family = annotation(*record, "ovm::family").has_value();
        const bool is_traced = has_member(*record, "ovm::trace_map");
        const bool loses = has_member(*record, "ovm::losses");
        if ((!is_family && !is_traced && !loses) || !is_asked(*record))
        {
            return true;
        }
        if (auto family = is_family ? read_family(facts_, *record) : std::nullopt)
        {
            reading_.declarations.families.push_back(std::move(*family));
        }
        if (auto map = is_traced ? read_trace_map(facts_, *record) : std::nullopt)
        {
            reading_.declarations.trace_maps.push_back(std::move(*map));
        }
        if (auto losses = loses ? read_losses(facts_, *record) : std::nullopt)
        {
            reading_.declarations.losses.push_back(std::move(*losses));
        }
        return true;
    }

private:
    static bool has_member(const clang::CXXRecordDecl& record, llvm::StringRef kind)
    {
        return std::ranges::any_of(record.methods(), [&](const clang::CXXMethodDecl* method)
                                   { return annotation(*method, kind).has_value(); });
    }
    /// A file below the root that asks for something has to be a source of the request's.
    bool is_asked(const clang::CXXRecordDecl& record) const
    {
        const std::string file = facts_.at(record.getLocation()).file;
        if (std::ranges::find(reading_.sources, file) != reading_.sources.end())
        {
            return true;
        }
        const auto& all = reading_.request.sources;
        if (!llvm::sys::path::is_absolute(file) && std::ranges::find(all, file) == all.end())
        {
            facts_.refuse(record, "'" + record.getQualifiedNameAsString() + "' asks for what its file does not include",
                          "what is written for it stands in '" + generated_name(file) + "'",
                          "include that behind the class, and configure the build again");
        }
        return false;
    }

    const Facts facts_;
    const Reading& reading_;
};

class Consumer final : public clang::ASTConsumer
{
public:
    explicit Consumer(const Reading& reading) : reading_(reading) {}

    void HandleTranslationUnit(clang::ASTContext& context) override
    {
        if (!context.getDiagnostics().hasErrorOccurred())
        {
            Finder(context, reading_).TraverseAST(context);
        }
    }

private:
    const Reading& reading_;
};

class Action final : public clang::ASTFrontendAction
{
public:
    explicit Action(const Reading& reading) : reading_(reading) {}

protected:
    std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& compiler, llvm::StringRef) override
    {
        files_ = std::make_shared<clang::DependencyCollector>();
        files_->attachToPreprocessor(compiler.getPreprocessor());
        compiler.getPreprocessor().addPPCallbacks(std::make_unique<Without_generated>());
        return std::make_unique<Consumer>(reading_);
    }
    void EndSourceFileAction() override
    {
        std::ranges::copy_if(files_->getDependencies(), std::back_inserter(reading_.generating.dependencies),
                             [](const std::string& file)
                             { return file != unit_name && llvm::sys::path::is_absolute(file); });
    }

private:
    const Reading& reading_;
    std::shared_ptr<clang::DependencyCollector> files_;
};

class Actions final : public clang::tooling::FrontendActionFactory
{
public:
    explicit Actions(const Reading& reading) : reading_(reading) {}

    std::unique_ptr<clang::FrontendAction> create() override { return std::make_unique<Action>(reading_); }
    bool runInvocation(std::shared_ptr<clang::CompilerInvocation> invocation, clang::FileManager* files,
                       std::shared_ptr<clang::PCHContainerOperations> containers,
                       clang::DiagnosticConsumer* diagnostics) override
    {
        invocation->getFrontendOpts().SkipFunctionBodies = true;
        return FrontendActionFactory::runInvocation(std::move(invocation), files, std::move(containers), diagnostics);
    }

private:
    const Reading& reading_;
};

/// The compiler's own place, as it finds its own headers from there.
std::string real_place(const std::string& compiler)
{
    llvm::SmallString<128> real;
    const auto program = llvm::sys::findProgramByName(compiler);
    return program && !llvm::sys::fs::real_path(*program, real) ? real.str().str() : compiler;
}

} // namespace

Declarations read_declarations(const Generating_request& request, const std::vector<std::string>& sources,
                               Generating& generating)
{
    std::string text;
    for (const std::string& source : sources)
    {
        text += "#include \"" + request.root + "/" + source + "\"\n";
    }
    std::vector<std::string> command = request.command;
    command.front() = real_place(command.front());
    command.insert(command.end(), {"-fsyntax-only", "-w", "-ferror-limit=1", "-fno-caret-diagnostics", unit_name});
    Declarations declarations;
    First_failure failure(generating);
    const llvm::IntrusiveRefCntPtr<llvm::vfs::InMemoryFileSystem> made(new llvm::vfs::InMemoryFileSystem);
    made->addFile(unit_name, 0, llvm::MemoryBuffer::getMemBufferCopy(text));
    const llvm::IntrusiveRefCntPtr<llvm::vfs::OverlayFileSystem> all(
        new llvm::vfs::OverlayFileSystem(llvm::vfs::getRealFileSystem()));
    all->pushOverlay(made);
    const llvm::IntrusiveRefCntPtr<clang::FileManager> files(new clang::FileManager(clang::FileSystemOptions(), all));
    const Reading reading{request, sources, generating, declarations};
    Actions actions(reading);
    clang::tooling::ToolInvocation invocation(std::move(command), &actions, files.get(),
                                              std::make_shared<clang::PCHContainerOperations>());
    invocation.setDiagnosticConsumer(&failure);
    if (!invocation.run() && generating.good())
    {
        generating.problems.push_back({.file = sources.front(),
                                       .line = 1,
                                       .what = "the sources cannot be read",
                                       .why = "the compiler's command does not work",
                                       .mend = "give the compiler and its flags behind `--`"});
    }
    return declarations;
}

} // namespace ovm::compiler
