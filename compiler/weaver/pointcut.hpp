#pragma once

#include "sketch.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ovm::compiler
{

/// What pointcuts can ask of a place in a program.
struct Facts
{
    bool is_call = false; ///< else the execution of a function
    std::string function; ///< with its namespaces and classes; of a call: what is called
    std::string parameters;
    std::vector<std::string> results; ///< the return type, as written and in full
    std::vector<std::string> scopes;  ///< what encloses the place, from the function outwards
    std::vector<std::string> classes; ///< the function's class and its bases
    std::vector<std::string> tags;
    bool is_public = false;
};

struct Pointcut_error
{
    std::size_t offset = 0;
    std::string what;
    std::string mend;
};

/// Which places an advice is for:
///
///     pointcut := term { `||` term }        term := factor { `&&` factor }
///     factor   := `!` factor | `(` pointcut `)` | `public` | NAME `(` GLOB `)`
///     NAME     := execution | call | within | derived | returns | tagged
///
/// The glob of `execution` and `call` names a function with its scopes, and after it, in parentheses, may stand a glob
/// for its parameters. Without a `call` in it, a pointcut is about executions only.
class Pointcut final
{
public:
    /// Empty, and the error filled, when the text is none.
    [[nodiscard]] static std::optional<Pointcut> parse(std::string_view text, Pointcut_error& error);

    [[nodiscard]] bool matches(const Facts& facts) const;
    [[nodiscard]] bool asks_for_calls() const;
    /// Whether it may match something of a text, of which only this is known.
    [[nodiscard]] bool may_match(const Sketch& sketch) const;

private:
    friend class Pointcut_parser;

    enum class Kind
    {
        all,
        any,
        none,
        execution,
        call,
        within,
        derived,
        returns,
        tagged,
        is_public,
    };
    struct Node
    {
        Kind kind;
        std::string glob = {};
        std::optional<std::string> parameters = {};
        std::vector<Node> parts = {};
    };

    explicit Pointcut(Node root) : root_(std::move(root)) {}
    static bool holds(const Node& node, const Facts& facts);
    static bool mentions_call(const Node& node);
    static bool may_hold(const Node& node, const Sketch& sketch, std::string_view function);

    Node root_;
};

} // namespace ovm::compiler
