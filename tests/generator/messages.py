#!/usr/bin/env python3
"""What the generator says when it refuses: file and line, what, why, and how to mend. Each case is a seeded mistake.

    messages.py --generator PATH/ovm-generate
"""
import json
import sys

import suite

FAMILY = '''#pragma once
#include <span>
#include <string_view>
#include "base/generate.hpp"
#include "base/result.hpp"
namespace app
{
using ovm::Result;
%s
} // namespace app
#include "app.generated.hpp"
'''
TRACED = '''#pragma once
#include <optional>
#include "object/collector/traced.hpp"
namespace app
{
using ovm::object::Collected, ovm::object::Traced;
class Node;
%s
} // namespace app
#include "app.generated.hpp"
'''

# Name, header, declarations (the first is in line 9 of a family's file, line 8 of a traced one's), the line that is
# named, and what is said.
CASES = [
    ("no answer", FAMILY, "class OVM_FAMILY Odd { public: class Stand_in;\n virtual int count() const = 0; };",
     10, ("'app::Odd::count' has no answer while nobody can answer", "answers no Result", "OVM_WITHOUT_ANSWER(VALUE)")),
    ("no answer, nothing", FAMILY, "class OVM_FAMILY Odd { public: class Stand_in;\n virtual void tell() = 0; };",
     10, ("'app::Odd::tell' has no answer", "OVM_WITHOUT_ANSWER()", "Result<>")),
    ("empty answer", FAMILY, "class OVM_FAMILY Odd { public: class Stand_in;\n OVM_WITHOUT_ANSWER() virtual int count() = 0; };",
     10, ("'app::Odd::count' and its OVM_WITHOUT_ANSWER do not fit", "it answers something", "write the answer into it")),
    ("answer of nothing", FAMILY, "class OVM_FAMILY Odd { public: class Stand_in;\n OVM_WITHOUT_ANSWER(1) virtual void tell() = 0; };",
     10, ("do not fit", "it answers nothing", "OVM_WITHOUT_ANSWER()")),
    ("one of two overloads", FAMILY, "class OVM_FAMILY Odd { public: class Stand_in;\n OVM_WITHOUT_ANSWER(1) virtual int count(int) = 0;\n"
     " virtual int count(long) = 0; };", 11, ("'app::Odd::count' has no answer",)),
    ("an inherited one", FAMILY, "class Base { public:\n virtual int count() = 0; };\n"
     "class OVM_FAMILY Odd : public Base { public: class Stand_in; };", 10, ("'app::Base::count' has no answer",)),
    ("a template", FAMILY, "template <typename T>\nclass OVM_FAMILY Odd { public: class Stand_in; virtual Result<> go() = 0; };",
     10, ("the family 'app::Odd' is a template", "one interface", "mark a class for each of its uses")),
    ("in a template", FAMILY, "template <typename T> struct Around {\nclass OVM_FAMILY Odd { public: class Stand_in; }; };",
     10, ("'Odd' stands in a template or in a function", "take it out")),
    ("nothing wanted", FAMILY, "class OVM_FAMILY Odd { public: virtual Result<> go() = 0; };",
     9, ("declares nothing that is to be written", "`class Stand_in;`")),
    ("not public", FAMILY, "class OVM_FAMILY Odd {\n class Stand_in; };", 10, ("'app::Odd::Stand_in' is not public",)),
    ("by hand", FAMILY, "class OVM_FAMILY Odd { public:\n class Stand_in {}; };",
     10, ("'app::Odd::Stand_in' is written by hand", "take the definition away")),
    ("a private call", FAMILY, "class OVM_FAMILY Odd { public: class Stand_in; private:\n virtual Result<> go() = 0; };",
     10, ("'app::Odd::go' is virtual and not public",)),
    ("variable arguments", FAMILY, "class OVM_FAMILY Odd { public: class Stand_in;\n virtual Result<> go(int, ...) = 0; };",
     10, ("takes a variable number of arguments", "name its parameters")),
    ("nothing asked", FAMILY, "class Odd {};", 1, ("includes 'app.generated.hpp', but asks for nothing", "OVM_FAMILY")),
    ("does not compile", FAMILY, "class OVM_FAMILY Odd { public: class Stand_in; virtual Wrong go() = 0; };",
     9, ("unknown type name 'Wrong'", "does not compile")),
    ("uses what is not there yet", FAMILY, "class OVM_FAMILY Odd { public: class Stand_in; };\n inline constexpr auto odd = sizeof(Odd::Stand_in);",
     10, ("incomplete type", "headers of their own")),
    ("a loss without words", FAMILY, "struct State { enum Loss : unsigned { none = 0, one OVM_LOST(\"one\") = 1,\n two = 2 }; OVM_LOSSES };",
     10, ("nobody can say what 'app::State::two' is", "OVM_LOST(\"WORDS\")")),
    ("a loss of two bits", FAMILY, "struct State { enum Loss : unsigned { none = 0, one OVM_LOST(\"one\") = 1,\n two OVM_LOST(\"two\") = 3 };"
     " OVM_LOSSES };", 10, ("'app::State::two' is not the next bit", "1, 2, 4")),
    ("no losses", FAMILY, "struct State { OVM_LOSSES };", 9, ("'app::State' has OVM_LOSSES, but no losses",)),
    ("private in a base", TRACED, "class Base : public Collected { Traced<Node> hidden{}; };\n"
     "class Node final : public Base { public: OVM_TRACE_MAP };",
     9, ("the trace map of 'app::Node' cannot name 'app::Base::hidden'", "it is private there", "a member of the class itself")),
    ("private in a member", TRACED, "class Pair { Traced<Node> hidden{}; };\n"
     "class Node final : public Collected { public: OVM_TRACE_MAP Pair pair{}; };",
     9, ("cannot name 'app::Pair::hidden'", "it is private there")),
    ("in an optional", TRACED, "class Node final : public Collected { public: OVM_TRACE_MAP std::optional<Traced<Node>> maybe{}; };",
     8, ("the trace map of 'app::Node' cannot name 'std::", "it has no name")),
    ("in an array's elements", TRACED, "struct Pair { Traced<Node> one{}; };\n"
     "class Node final : public Collected { public: OVM_TRACE_MAP std::array<Pair, 2> pairs{}; };",
     9, ("cannot name 'app::Pair::one'", "the elements of an array")),
    ("in a raw array", TRACED, "class Node final : public Collected { public: OVM_TRACE_MAP Traced<Node> raw[2]; };",
     8, ("cannot name 'app::Node::raw'", "no std::array")),
    ("in a virtual base", TRACED, "class Base : public Collected { public: Traced<Node> far{}; };\n"
     "class Node final : public virtual Base { public: OVM_TRACE_MAP };", 9, ("cannot name 'app::Base::far'", "a virtual base")),
    ("hidden by a name", TRACED, "class Base : public Collected { public: Traced<Node> next{}; };\n"
     "class Node final : public Base { public: OVM_TRACE_MAP Traced<Node> next{}; };",
     9, ("cannot name 'app::Node::next'", "another one of that name hides it")),
    ("a constrained template", TRACED, "template <typename T> concept Fine = true; template <Fine T>\n"
     "class Node_of final : public Collected { public: OVM_TRACE_MAP };",
     9, ("the template 'app::Node_of' cannot have a trace map", "static_assert")),
    ("in a template's class", TRACED, "template <typename T> struct Around {\n"
     "class Inner final : public Collected { public: OVM_TRACE_MAP }; };", 9, ("'Inner' stands in a template",)),
]


def main():
    checks = suite.Suite(__doc__)
    for name, pattern, declarations, line, words in CASES:
        checks.place("app.hpp", pattern % declarations)
        result = checks.generate("app.hpp")
        checks.check(f"{name}: is refused", result.returncode == 1, result.stderr)
        checks.check(f"{name}: at its line", f"app.hpp:{line}: error:" in result.stderr, result.stderr)
        for word in words:
            checks.check(f"{name}: says '{word}'", word in result.stderr, result.stderr)
        checks.check(f"{name}: writes nothing", not checks.output.exists())

    checks.place("app.hpp", FAMILY % CASES[0][2])
    result = checks.generate("app.hpp", options=("--json",))
    problem = json.loads(result.stderr)["problems"][0]
    checks.check("json", problem["file"] == "app.hpp" and problem["line"] == 10 and problem["mend"], result.stderr)

    # A header that another one includes asks as well, and nobody reads it for itself.
    checks.place("other.hpp", (FAMILY % "class OVM_FAMILY Even { public: class Stand_in; };").replace(
        '#include "app.generated.hpp"\n', ""))
    checks.place("app.hpp", '#include "other.hpp"\n' + FAMILY % "class OVM_FAMILY Odd { public: class Stand_in; };")
    result = checks.generate("app.hpp")
    checks.check("a file that includes nothing", result.returncode == 1 and "other.hpp:9: error: 'app::Even' asks for what its "
                 "file does not include" in result.stderr, result.stderr)

    for options in (["--root"], ["--wrong", "--", "clang++-19"], ["app.hpp"]):
        result = suite.run([checks.options.generator, *options])
        checks.check(f"command line {options}", result.returncode == 2 and "--help" in result.stderr, result.stderr)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
