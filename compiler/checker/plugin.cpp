// The plugin: arguments, and the one pass over each translation unit before it is compiled.
#include "subset_visitor.hpp"

#include "clang/AST/ASTConsumer.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendPluginRegistry.h"

#include <memory>
#include <string>
#include <vector>

namespace ovm::checker
{
namespace
{

void report_failure(clang::DiagnosticsEngine& diagnostics, llvm::StringRef what)
{
    diagnostics.Report(diagnostics.getCustomDiagID(clang::DiagnosticsEngine::Error, "ovm_checker: %0")) << what;
}

class Consumer final : public clang::ASTConsumer
{
public:
    Consumer(Trust trust, std::string report) : trust_(std::move(trust)), report_(std::move(report)) {}

    void HandleTranslationUnit(clang::ASTContext& context) override
    {
        // A broken translation unit is refused anyway, and its tree is not to be relied on.
        if (context.getDiagnostics().hasErrorOccurred())
        {
            return;
        }
        Reporter reporter(context, trust_);
        Subset_visitor(context, reporter).judge();
        if (!report_.empty())
        {
            if (const std::string failure = reporter.append_counts(report_); !failure.empty())
            {
                report_failure(context.getDiagnostics(), failure);
            }
        }
    }

private:
    Trust trust_;
    std::string report_;
};

/// `-fplugin-arg-ovm_checker-trusted=FILE` (needed), `...-root=FOLDER`, `...-report=FILE`, `...-module=FOLDER` (any
/// number of them).
class Action final : public clang::PluginASTAction
{
protected:
    std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance&, llvm::StringRef) override
    {
        return std::make_unique<Consumer>(trust_, report_);
    }

    bool ParseArgs(const clang::CompilerInstance& compiler, const std::vector<std::string>& arguments) override
    {
        std::string trusted;
        std::string root;
        std::string module; // each of them in turn
        for (const std::string& argument : arguments)
        {
            const auto [name, value] = llvm::StringRef(argument).split('=');
            std::string* place = name == "trusted"  ? &trusted
                                 : name == "root"   ? &root
                                 : name == "report" ? &report_
                                 : name == "module" ? &module
                                                    : nullptr;
            if (place == nullptr || value.empty())
            {
                report_failure(compiler.getDiagnostics(),
                               "unknown or empty argument '" + argument +
                                   "'; there are trusted=FILE, root=FOLDER, report=FILE, module=FOLDER");
                return false;
            }
            *place = value.str();
            if (place == &module)
            {
                trust_.add_module(module);
            }
        }
        const std::string failure =
            trusted.empty() ? "say where the list of trusted files is: -fplugin-arg-ovm_checker-trusted=FILE"
                            : trust_.read(trusted, root);
        if (!failure.empty())
        {
            report_failure(compiler.getDiagnostics(), failure);
            return false;
        }
        return true;
    }

    /// Before the compiler's own pass: refused code costs no optimisation and leaves no object file.
    ActionType getActionType() override { return AddBeforeMainAction; }

private:
    Trust trust_;
    std::string report_;
};

} // namespace
} // namespace ovm::checker

static clang::FrontendPluginRegistry::Add<ovm::checker::Action> registration("ovm_checker",
                                                                             "keeps the safe subset of C++");
