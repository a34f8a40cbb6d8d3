#include <sstream>

#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include "verifier.hpp"

namespace ovm::compiler::verifier
{

std::string to_json(const Report& report)
{
    llvm::json::Object root;
    if (!report.error.empty())
        root["error"] = report.error;
    llvm::json::Array obligations;
    for (auto const& obligation : report.obligations)
    {
        llvm::json::Object one{{"kind", obligation.kind},
                               {"file", obligation.file},
                               {"line", obligation.line},
                               {"column", obligation.column},
                               {"function", obligation.function},
                               {"entry", obligation.entry},
                               {"verdict", to_text(obligation.verdict)}};
        if (!obligation.text.empty())
            one["text"] = obligation.text;
        if (!obligation.why.empty())
            one["why"] = obligation.why;
        if (!obligation.called_from.empty())
            one["called_from"] = llvm::json::Array(obligation.called_from);
        if (!obligation.values.empty())
        {
            llvm::json::Array values;
            for (auto const& value : obligation.values)
                values.push_back(llvm::json::Object{{"name", value.name}, {"value", value.value}});
            one["values"] = std::move(values);
        }
        obligations.push_back(std::move(one));
    }
    root["obligations"] = std::move(obligations);
    llvm::json::Array entries;
    for (auto const& entry : report.entries)
        entries.push_back(llvm::json::Object{{"name", entry.name},
                                             {"assumed", static_cast<std::int64_t>(entry.assumed)},
                                             {"stack", static_cast<std::int64_t>(entry.stack)},
                                             {"questions", entry.obligations},
                                             {"seconds", entry.seconds}});
    root["entries"] = std::move(entries);
    root["taken_for_granted"] = llvm::json::Array(report.taken_for_granted);
    root["digest"] = report.digest;
    root["stack"] = static_cast<std::int64_t>(report.stack);
    root["removed"] = report.removed;
    root["questions"] = report.questions;
    root["cached"] = report.cached;
    root["good"] = report.good();
    std::string text;
    llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", llvm::json::Value(std::move(root)));
    return text;
}

std::string to_text(const Report& report, bool all)
{
    std::ostringstream out;
    if (!report.error.empty())
    {
        out << "error: " << report.error << '\n';
        return out.str();
    }
    for (auto const& obligation : report.obligations)
    {
        bool const good = obligation.verdict == Verdict::proved || obligation.verdict == Verdict::assumed;
        if (good && !all)
            continue;
        out << (obligation.file.empty() ? obligation.entry : obligation.file);
        if (obligation.line != 0)
            out << ':' << obligation.line << ':' << obligation.column;
        out << ": " << (good ? "" : "error: ") << obligation.kind;
        if (!obligation.text.empty())
            out << ": " << obligation.text;
        out << " [" << to_text(obligation.verdict) << "]\n";
        if (good)
            continue;
        if (!obligation.why.empty())
            out << "    " << obligation.why << '\n';
        out << "    in " << obligation.function << '\n';
        for (auto const& from : obligation.called_from)
            out << "    called from " << from << '\n';
        if (obligation.entry != obligation.function)
            out << "    reached by " << obligation.entry << '\n';
        for (auto const& value : obligation.values)
            out << "        " << value.name << " = " << value.value << '\n';
    }
    out << report.obligations.size() << " obligations: " << report.count(Verdict::proved) << " proved, "
        << report.count(Verdict::assumed) << " assumed, " << report.count(Verdict::refuted) << " refuted, "
        << report.count(Verdict::undecided) << " undecided, " << report.count(Verdict::refused) << " refused\n";
    return out.str();
}

} // namespace ovm::compiler::verifier
