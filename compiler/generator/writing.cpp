#include "writing.hpp"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

namespace ovm::compiler
{
namespace
{

std::string place(const Declared_at& at)
{
    return at.file + ":" + std::to_string(at.line);
}

/// Opens the namespaces, and answers what closes them.
std::string open(const Declared_scope& scope, std::string& text)
{
    std::string end;
    std::string path; // of those that have names, up to the next one that has none
    const auto open_path = [&]
    {
        text += path.empty() ? "" : "namespace " + path + "\n{\n";
        end += path.empty() ? "" : "}\n";
        path.clear();
    };
    for (const std::string& name : scope.namespaces)
    {
        if (!name.empty())
        {
            path += (path.empty() ? "" : "::") + name;
            continue;
        }
        open_path();
        text += "namespace\n{\n";
        end += "}\n";
    }
    open_path();
    text += "\n";
    return "\n" + end + "\n";
}

/// `Result<> woke(Vcpu vcpu, bool polled) const override`; parameters that nobody uses have no names.
std::string head(const Declared_call& call, bool names)
{
    std::string parameters;
    for (const Declared_parameter& parameter : call.parameters)
    {
        parameters += (parameters.empty() ? "" : ", ") + (names ? parameter.declaration : parameter.type);
    }
    return "    // " + place(call.at) + "\n    " + call.result + " " + call.name + "(" + parameters + ")" +
           call.qualifiers + " override";
}

std::string arguments(const Declared_call& call)
{
    std::string text;
    for (const Declared_parameter& parameter : call.parameters)
    {
        text += (text.empty() ? "" : ", ") + (parameter.moves ? "std::move(" + parameter.name + ")" : parameter.name);
    }
    return "(" + text + ")";
}

/// The pattern, with the class's name for each `$` and its place for each `@`.
std::string filled(llvm::StringRef pattern, const Declared_family& family)
{
    std::string text;
    for (const char letter : pattern)
    {
        text += letter == '$' ? family.scope.name : letter == '@' ? place(family.at) : std::string(1, letter);
    }
    return text;
}

void write_stand_in(const Declared_family& family, std::string& text)
{
    text += filled(R"(/// For @.
/// Each call goes to where the lead leads; while it leads nowhere, the lead's error is the answer. A call that cannot
/// answer an error is answered here, as its declaration says.
/// Concurrency: any core. Lifetime: at most its lead's.
class $::Stand_in : public $
{
public:
    explicit Stand_in(ovm::object::Lead<$>& lead) : lead_(lead) {}

)",
                   family);
    for (const Declared_call& call : family.calls)
    {
        if (call.without_answer)
        {
            text +=
                head(call, false) + (call.answers_nothing ? " {}\n" : " { return " + *call.without_answer + "; }\n");
        }
        else if (call.answers_result)
        {
            text += head(call, true) + " { return OVM_TRY(lead_.lead())->" + call.name + arguments(call) + "; }\n";
        }
    }
    text += filled(R"(
private:
    ovm::object::Lead<$>& lead_;
};

)",
                   family);
}

void write_forwarder(const Declared_family& family, std::string& text)
{
    text += filled(R"(/// For @.
/// Each call is a question that `Way::ask` puts to the object that is to answer, which is held to the call's contract.
/// Concurrency, lifetime: the way's.
template <typename Way>
class $::Forwarder : public $
{
public:
    template <typename... Arguments>
    explicit Forwarder(Arguments&&... arguments) : way_(std::forward<Arguments>(arguments)...)
    {
    }
    Forwarder(const Forwarder&) = delete;
    Forwarder& operator=(const Forwarder&) = delete;

)",
                   family);
    for (const Declared_call& call : family.calls)
    {
        text += head(call, true) + "\n{\nreturn way_.ask([&](" + (call.is_const ? "const " : "") + family.scope.name +
                "& asked) -> " + call.result + " { return asked." + (call.has_contract ? "contract_of_" : "") +
                call.name + arguments(call) + "; });\n}\n";
    }
    text += R"(
protected:
    Way way_;
};

)";
}

void write_trace_map(const Declared_trace_map& map, std::string& text)
{
    text += "// " + place(map.at) + "\n";
    text += map.template_head.empty() ? "" : map.template_head + "\n";
    text += "constexpr std::span<const ovm::object::Traced_run> " + map.scope.name + "::trace_map()\n{\n";
    if (map.members.empty())
    {
        text += "    return {};\n}\n\n";
        return;
    }
    text += "    static constexpr std::array runs{";
    for (std::size_t i = 0; i < map.members.size(); ++i)
    {
        text += (i == 0 ? "" : ",\n                                     ");
        text += "OVM_TRACED(" + map.self + ", " + map.members[i] + ")";
    }
    text += "};\n    return runs;\n}\n\n";
}

void write_losses(const Declared_losses& losses, std::string& text)
{
    text += "// " + place(losses.at) + "\nconstexpr std::span<const std::string_view> " + losses.scope.name +
            "::losses()\n{\n";
    std::string names;
    for (const std::string& name : losses.names)
    {
        std::string escaped;
        llvm::raw_string_ostream(escaped).write_escaped(name);
        names += (names.empty() ? "" : ", ") + std::string("std::string_view(\"") + escaped + "\")";
    }
    text +=
        names.empty() ? "return {};\n}\n\n" : "static constexpr std::array names{" + names + "};\nreturn names;\n}\n\n";
}

void write_family(const Declared_family& family, std::string& text)
{
    if (family.wants_stand_in)
    {
        write_stand_in(family, text);
    }
    if (family.wants_forwarder)
    {
        write_forwarder(family, text);
    }
}

template <typename Declared>
void write_each(const std::vector<Declared>& all, void (*write)(const Declared&, std::string&), std::string& text)
{
    for (const Declared& each : all)
    {
        const std::string end = open(each.scope, text);
        write(each, text);
        text += end;
    }
}

} // namespace

std::string write_file(const std::string& source, const Declarations& declarations)
{
    std::string text = "// Written by compiler/generator from " + source + ", where changes belong.\n#pragma once\n\n";
    const bool leads = std::ranges::any_of(declarations.families, &Declared_family::wants_stand_in);
    const bool traces = !declarations.trace_maps.empty();
    const bool loses = !declarations.losses.empty();
    text += traces || loses ? "#include <array>\n#include <span>\n" : "";
    text += loses ? "#include <string_view>\n" : "";
    text += declarations.families.empty() ? "" : "#include <utility>\n";
    text += "\n";
    text += leads ? "#include \"base/result.hpp\"\n#include \"object/clustered/stand_in.hpp\"\n" : "";
    text += traces ? "#include \"object/collector/traced.hpp\"\n" : "";
    text += "\n";
    write_each(declarations.losses, &write_losses, text);
    write_each(declarations.families, &write_family, text);
    write_each(declarations.trace_maps, &write_trace_map, text);
    return text;
}

} // namespace ovm::compiler
