#include "sketch.hpp"

#include "words.hpp"

#include <algorithm>
#include <cctype>

namespace ovm::compiler
{
namespace
{

/// Follows namespaces and classes; what stands in other braces is passed over.
class Sketcher final
{
public:
    Sketcher(const std::vector<Word>& words, Sketch& sketch) : words_(words), sketch_(sketch) {}

    void run()
    {
        while (at_ < words_.size())
        {
            if (is("}"))
            {
                ++at_;
                if (!scopes_.empty())
                {
                    scopes_.pop_back();
                }
                begin_declaration();
            }
            else if (is(";") || (is(":") && is_access_label()))
            {
                // Without parentheses it is a class, or a variable: its name comes last.
                give_tags(scoped(named_ || at_ == start_ ? name_ : std::string(word(at_ - 1))));
                ++at_;
                begin_declaration();
            }
            else if (is("{"))
            {
                open_brace();
            }
            else if (is("("))
            {
                if (!named_)
                {
                    name_ = name_before(at_);
                    named_ = !name_.empty();
                }
                if (at_ > start_ && word(at_ - 1) == "OVM_TAG" && at_ + 1 < words_.size() &&
                    words_[at_ + 1].kind == Word::Kind::text)
                {
                    tags_.emplace_back(word(at_ + 1));
                }
                skip_pair("(", ")");
            }
            else
            {
                ++at_;
            }
        }
    }

private:
    [[nodiscard]] bool is(std::string_view spelling) const
    {
        return words_[at_].spelling == spelling && words_[at_].kind != Word::Kind::text;
    }
    [[nodiscard]] std::string_view word(std::size_t at) const { return at < words_.size() ? words_[at].spelling : ""; }

    [[nodiscard]] bool is_access_label() const
    {
        const std::string_view before = at_ > start_ ? word(at_ - 1) : "";
        return before == "public" || before == "private" || before == "protected";
    }

    void begin_declaration()
    {
        start_ = at_;
        named_ = false;
        name_.clear();
    }

    void open_brace()
    {
        if (named_)
        {
            sketch_.functions.insert(scoped(name_));
            give_tags(scoped(name_));
            skip_pair("{", "}");
            // Braces of a constructor's initialisers are followed by more of them, or by the body.
            if (at_ < words_.size() && !is(",") && !is("{"))
            {
                begin_declaration();
            }
            return;
        }
        std::string scope;
        if (!find_scope(scope))
        {
            skip_pair("{", "}");
            return;
        }
        give_tags(scoped(scope));
        scopes_.push_back(scope);
        ++at_;
        begin_declaration();
    }

    /// What was declared has the tags that stood before its name.
    void give_tags(const std::string& owner)
    {
        for (const std::string& tag : tags_)
        {
            sketch_.tags.emplace(owner, tag);
        }
        tags_.clear();
    }

    /// Whether the declaration up to this brace opens a namespace or class, and its name (none for unnamed and inline
    /// namespaces).
    bool find_scope(std::string& scope)
    {
        std::size_t angles = 0;
        for (std::size_t i = start_; i < at_; ++i)
        {
            const std::string_view each = word(i);
            angles += each == "<" ? 1 : each == ">" && angles > 0 ? -1 : 0;
            if (each == "extern")
            {
                return true;
            }
            if (each == "namespace")
            {
                if (i == start_ || word(i - 1) != "inline")
                {
                    scope = joined(i + 1, at_);
                }
                return true;
            }
            if (angles == 0 && (each == "class" || each == "struct" || each == "union"))
            {
                scope = class_name(i + 1);
                sketch_.classes.insert(scoped(scope));
                return true;
            }
        }
        return false;
    }

    /// The name behind `class`, past attributes and macros: what stands before `final`, `:`, `<` or the brace.
    [[nodiscard]] std::string class_name(std::size_t from) const
    {
        std::string name;
        std::size_t depth = 0;
        for (std::size_t i = from; i < at_; ++i)
        {
            const std::string_view each = word(i);
            depth += each == "[" || each == "(" ? 1 : each == "]" || each == ")" ? -1 : 0;
            if (depth > 0 || each == "]" || each == ")" || words_[i].kind == Word::Kind::text)
            {
                continue;
            }
            if (each == "final" || each == ":" || each == "<")
            {
                break;
            }
            name = each == "::" || name.ends_with("::") ? name + std::string(each) : std::string(each);
        }
        return name;
    }

    /// The name that ends before a parenthesis, with scopes, without template arguments.
    [[nodiscard]] std::string name_before(std::size_t paren) const
    {
        std::size_t first = paren;
        for (std::size_t i = paren; i-- > start_ && paren - i < 8;)
        {
            if (word(i) == "operator")
            {
                const std::string sign = i + 1 == paren ? "()" : joined(i + 1, paren);
                const bool conversion = i + 1 < paren && words_[i + 1].kind == Word::Kind::name;
                return scopes_before(i) + (conversion ? "operator " : "operator") + sign;
            }
        }
        if (first == start_ || words_[first - 1].kind != Word::Kind::name)
        {
            return {};
        }
        const std::string_view name = word(first - 1);
        if (name == "decltype" || name == "alignas" || name == "noexcept" || name == "requires" || name == "explicit" ||
            name == "annotate" || name == "__attribute__" || name.starts_with("OVM_"))
        {
            return {};
        }
        const bool destructor = first - 1 > start_ && word(first - 2) == "~";
        return scopes_before(first - (destructor ? 2 : 1)) + (destructor ? "~" : "") + std::string(name);
    }

    /// `A::B::` that ends before a place.
    [[nodiscard]] std::string scopes_before(std::size_t end) const
    {
        std::string scopes;
        while (end > start_ + 1 && word(end - 1) == "::")
        {
            --end;
            if (word(end - 1) == ">")
            {
                std::size_t depth = 0;
                do
                {
                    --end;
                    depth += word(end) == ">" ? 1 : word(end) == "<" ? -1 : 0;
                } while (end > start_ && depth > 0);
            }
            if (end == start_ || words_[end - 1].kind != Word::Kind::name)
            {
                break;
            }
            scopes = std::string(word(end - 1)) + "::" + scopes;
            --end;
        }
        return scopes;
    }

    [[nodiscard]] std::string joined(std::size_t from, std::size_t to) const
    {
        std::string text;
        for (std::size_t i = from; i < to; ++i)
        {
            text += word(i);
        }
        return text;
    }

    [[nodiscard]] std::string scoped(const std::string& name) const
    {
        std::string text;
        for (const std::string& scope : scopes_)
        {
            text += scope.empty() ? "" : scope + "::";
        }
        return text + name;
    }

    void skip_pair(std::string_view open, std::string_view close)
    {
        std::size_t depth = 0;
        do
        {
            depth += is(open) ? 1 : is(close) ? -1 : 0;
            ++at_;
        } while (at_ < words_.size() && depth > 0);
    }

    const std::vector<Word>& words_;
    Sketch& sketch_;
    std::size_t at_ = 0;
    std::size_t start_ = 0; ///< of the declaration
    bool named_ = false;    ///< it has a name before a parenthesis
    std::string name_;
    std::vector<std::string> tags_; ///< of the declaration
    std::vector<std::string> scopes_;
};

} // namespace

void Sketch::merge(const Sketch& other)
{
    functions.insert(other.functions.begin(), other.functions.end());
    classes.insert(other.classes.begin(), other.classes.end());
    called.insert(other.called.begin(), other.called.end());
    tags.insert(other.tags.begin(), other.tags.end());
}

Sketch sketch_of(std::string_view text)
{
    Sketch sketch;
    const std::vector<Word> words = words_of(text);
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
    {
        if (words[i].kind == Word::Kind::name && words[i + 1].spelling == "(")
        {
            sketch.called.emplace(words[i].spelling);
        }
    }
    Sketcher(words, sketch).run();
    return sketch;
}

std::vector<std::string> includes_of(std::string_view text)
{
    std::vector<std::string> files;
    for (std::size_t at = text.find("#include"); at != text.npos; at = text.find("#include", at + 1))
    {
        const std::size_t open = text.find_first_of("\"<\n", at);
        if (open == text.npos || text[open] == '\n')
        {
            continue;
        }
        const std::size_t close = text.find_first_of("\">\n", open + 1);
        if (close != text.npos)
        {
            files.emplace_back(text.substr(open + 1, close - open - 1));
        }
    }
    return files;
}

std::vector<std::string> strings_of(std::string_view text, std::string_view macro)
{
    std::vector<std::string> strings;
    const std::vector<Word> words = words_of(text);
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
    {
        if (words[i].kind != Word::Kind::name || words[i].spelling != macro || words[i + 1].spelling != "(")
        {
            continue;
        }
        std::string joined;
        for (i += 2; i < words.size() && words[i].kind == Word::Kind::text; ++i)
        {
            joined += words[i].spelling;
        }
        strings.push_back(std::move(joined));
    }
    return strings;
}

} // namespace ovm::compiler
