#include "pointcut.hpp"

#include "glob.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace ovm::compiler
{
namespace
{

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    {
        text.remove_prefix(1);
    }
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    {
        text.remove_suffix(1);
    }
    return text;
}

bool any_matches(std::string_view glob, const std::vector<std::string>& texts)
{
    return std::ranges::any_of(texts, [&](const std::string& text) { return glob_matches(glob, text); });
}

/// Whether the glob names the function or one of its scopes; nothing is known of a call's.
bool within_glob(std::string_view glob, std::string_view function)
{
    if (function.empty())
    {
        return true;
    }
    while (!glob_matches(glob, function))
    {
        const std::size_t scope = function.rfind("::");
        if (scope == function.npos)
        {
            return false;
        }
        function = function.substr(0, scope);
    }
    return true;
}

} // namespace

/// Recursive descent over the grammar. The first error stays.
class Pointcut_parser final
{
public:
    Pointcut_parser(std::string_view text, Pointcut_error& error) : text_(text), error_(error) {}

    std::optional<Pointcut::Node> parse()
    {
        auto node = alternatives();
        skip_blanks();
        if (node && at_ != text_.size())
        {
            return fail("'" + std::string(text_.substr(at_)) + "' follows a complete pointcut",
                        "join pointcuts with && or ||");
        }
        return node;
    }

private:
    using Node = Pointcut::Node;
    using Kind = Pointcut::Kind;

    std::optional<Node> alternatives() { return joined(Kind::any, "||", &Pointcut_parser::conjunction); }
    std::optional<Node> conjunction() { return joined(Kind::all, "&&", &Pointcut_parser::factor); }

    std::optional<Node> joined(Kind kind, std::string_view sign, std::optional<Node> (Pointcut_parser::*part)())
    {
        Node node{kind};
        do
        {
            auto next = (this->*part)();
            if (!next)
            {
                return {};
            }
            node.parts.push_back(std::move(*next));
        } while (take(sign));
        return node;
    }

    std::optional<Node> factor()
    {
        if (take("!"))
        {
            auto negated = factor();
            return negated ? std::optional(Node{.kind = Kind::none, .parts = {std::move(*negated)}}) : std::nullopt;
        }
        if (take("("))
        {
            auto inner = alternatives();
            return !inner || take(")") ? std::move(inner) : fail("a ')' is missing", "close what '(' opened");
        }
        return primitive();
    }

    std::optional<Node> primitive()
    {
        skip_blanks();
        std::size_t end = at_;
        while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '_'))
        {
            ++end;
        }
        const std::string_view name = text_.substr(at_, end - at_);
        if (name == "public")
        {
            at_ = end;
            return Node{Kind::is_public};
        }
        static constexpr std::array<std::pair<std::string_view, Kind>, 6> names{{{"execution", Kind::execution},
                                                                                 {"call", Kind::call},
                                                                                 {"within", Kind::within},
                                                                                 {"derived", Kind::derived},
                                                                                 {"returns", Kind::returns},
                                                                                 {"tagged", Kind::tagged}}};
        const auto* const found = std::ranges::find(names, name, &std::pair<std::string_view, Kind>::first);
        if (found == names.end())
        {
            return fail(name.empty() ? "a pointcut is missing here"
                                     : "there is no pointcut '" + std::string(name) + "'",
                        "there are execution(), call(), within(), derived(), returns(), tagged() and public");
        }
        at_ = end;
        if (!take("("))
        {
            return fail("'" + std::string(name) + "' needs its glob", "write " + std::string(name) + "(GLOB)");
        }
        return with_glob(found->second);
    }

    std::optional<Node> with_glob(Kind kind)
    {
        const std::size_t start = at_;
        std::size_t depth = 1;
        for (; at_ < text_.size() && depth > 0; ++at_)
        {
            depth += text_[at_] == '(' ? 1 : text_[at_] == ')' ? -1 : 0;
        }
        if (depth > 0)
        {
            at_ = start;
            return fail("the ')' of a glob is missing", "close it");
        }
        std::string_view glob = trimmed(text_.substr(start, at_ - 1 - start));
        if (glob.empty())
        {
            at_ = start;
            return fail("the glob is empty", "`**` matches everything");
        }
        Node node{kind};
        // The parameters begin at the first parenthesis that does not belong to the name `operator()`.
        static constexpr std::string_view call_operator = "operator()";
        const std::size_t named = glob.find(call_operator);
        const std::size_t open = glob.find('(', named == glob.npos ? 0 : named + call_operator.size());
        if (kind == Kind::execution || kind == Kind::call)
        {
            if (open != glob.npos)
            {
                node.parameters = trimmed(glob.substr(open + 1, glob.rfind(')') - open - 1));
                glob = trimmed(glob.substr(0, open));
            }
        }
        node.glob = glob;
        return node;
    }

    bool take(std::string_view sign)
    {
        skip_blanks();
        if (!text_.substr(at_).starts_with(sign))
        {
            return false;
        }
        at_ += sign.size();
        return true;
    }

    void skip_blanks()
    {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])))
        {
            ++at_;
        }
    }

    std::nullopt_t fail(std::string what, std::string mend)
    {
        if (error_.what.empty())
        {
            error_ = {at_, std::move(what), std::move(mend)};
        }
        return std::nullopt;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    Pointcut_error& error_;
};

std::optional<Pointcut> Pointcut::parse(std::string_view text, Pointcut_error& error)
{
    auto root = Pointcut_parser(text, error).parse();
    return root ? std::optional(Pointcut(std::move(*root))) : std::nullopt;
}

bool Pointcut::matches(const Facts& facts) const
{
    return (!facts.is_call || asks_for_calls()) && holds(root_, facts);
}

bool Pointcut::asks_for_calls() const
{
    return mentions_call(root_);
}

bool Pointcut::holds(const Node& node, const Facts& facts)
{
    const auto part_holds = [&](const Node& part) { return holds(part, facts); };
    const auto names_function = [&]
    {
        return glob_matches(node.glob, facts.function) &&
               (!node.parameters || glob_matches(*node.parameters, facts.parameters));
    };
    switch (node.kind)
    {
    case Kind::all:
        return std::ranges::all_of(node.parts, part_holds);
    case Kind::any:
        return std::ranges::any_of(node.parts, part_holds);
    case Kind::none:
        return std::ranges::none_of(node.parts, part_holds);
    case Kind::execution:
        return !facts.is_call && names_function();
    case Kind::call:
        return facts.is_call && names_function();
    case Kind::within:
        return any_matches(node.glob, facts.scopes);
    case Kind::derived:
        return any_matches(node.glob, facts.classes);
    case Kind::returns:
        return any_matches(node.glob, facts.results);
    case Kind::tagged:
        return any_matches(node.glob, facts.tags);
    case Kind::is_public:
        return facts.is_public;
    }
    return false;
}

bool Pointcut::may_match(const Sketch& sketch) const
{
    if (asks_for_calls() && may_hold(root_, sketch, {}))
    {
        return true;
    }
    return std::ranges::any_of(sketch.functions,
                               [&](const std::string& function) { return may_hold(root_, sketch, function); });
}

/// `function`: whose execution is asked about; empty: any call. What a sketch does not tell may hold.
bool Pointcut::may_hold(const Node& node, const Sketch& sketch, std::string_view function)
{
    const auto part_may_hold = [&](const Node& part) { return may_hold(part, sketch, function); };
    switch (node.kind)
    {
    case Kind::all:
        return std::ranges::all_of(node.parts, part_may_hold);
    case Kind::any:
        return std::ranges::any_of(node.parts, part_may_hold);
    case Kind::execution:
        return !function.empty() && glob_matches(node.glob, function);
    case Kind::call:
    {
        const std::size_t scope = node.glob.rfind("::");
        const std::string_view name = std::string_view(node.glob).substr(scope == node.glob.npos ? 0 : scope + 2);
        return function.empty() &&
               (name.starts_with("operator") ||
                std::ranges::any_of(sketch.called, [&](const std::string& each) { return glob_matches(name, each); }));
    }
    case Kind::tagged:
        return std::ranges::any_of(sketch.tags,
                                   [&](const auto& tag)
                                   {
                                       return glob_matches(node.glob, tag.second) &&
                                              (function.empty() || function == tag.first ||
                                               function.starts_with(tag.first + "::"));
                                   });
    case Kind::within:
        return within_glob(node.glob, function);
    case Kind::none:
    case Kind::derived:
    case Kind::returns:
    case Kind::is_public:
        return true;
    }
    return true;
}

bool Pointcut::mentions_call(const Node& node)
{
    return node.kind == Kind::call || std::ranges::any_of(node.parts, mentions_call);
}

} // namespace ovm::compiler
