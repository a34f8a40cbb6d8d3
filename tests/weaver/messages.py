#!/usr/bin/env python3
"""What the weaver says when it cannot weave: file and line, what, why, and how to mend.

    messages.py --weaver PATH/ovm-weave
"""
import json
import re
import sys

import suite

SOURCE = """namespace app
{
int run(int value) { return value; }
consteval int made() { return 1; }
[[noreturn]] void stop();
void stop()
{
    for (;;)
        ;
}
const char* name() { return __func__; }
int old(int count, ...) { return count; }
int global = run(3);
struct Text { const char* text; };
Text view(const Text& text) { return text; }
void nameless(int) {}
Text user() { return view(Text{"a"}); }
union Either { int one; float other; };
static_assert(made() == 1);
} // namespace app
"""

# Name, aspects, what must be said: the line in the file that is named, then words.
CASES = [
    ("matches nothing", 'struct OVM_ASPECT A { OVM_BEFORE("execution(app::walk)") static void f() {} };',
     ("aspect.hpp", 2), ("advice 'A::f' matches nothing", "execution(app::walk)", "correct the pointcut")),
    ("unknown pointcut", 'struct OVM_ASPECT A { OVM_BEFORE("executes(app::run)") static void f() {} };',
     ("aspect.hpp", 2), ("bad pointcut: there is no pointcut 'executes'", "<here>executes", "there are execution()")),
    ("open parenthesis", 'struct OVM_ASPECT A { OVM_BEFORE("execution(app::run") static void f() {} };',
     ("aspect.hpp", 2), ("the ')' of a glob is missing", "<here>app::run", "close it")),
    ("two pointcuts", 'struct OVM_ASPECT A { OVM_BEFORE("execution(a) execution(b)") static void f() {} };',
     ("aspect.hpp", 2), ("follows a complete pointcut", "join pointcuts with && or ||")),
    ("no order", 'struct OVM_ASPECT A { OVM_BEFORE("execution(app::run)") static void f() {} };\n'
     'struct OVM_ASPECT B { OVM_BEFORE("execution(app::run)") static void f() {} };',
     ("source.cpp", 3), ("aspects 'A' and 'B' both advise this place", "accident", "OVM_PRECEDES")),
    ("circle", 'struct OVM_ASPECT OVM_PRECEDES("B") A { OVM_BEFORE("execution(app::run)") static void f() {} };\n'
     'struct OVM_ASPECT OVM_PRECEDES("A") B { OVM_BEFORE("execution(app::run)") static void f() {} };',
     ("aspect.hpp", 2), ("aspect 'A' precedes itself", "circle", "take one of the OVM_PRECEDES away")),
    ("not static", 'struct OVM_ASPECT A { OVM_BEFORE("execution(app::run)") void f() {} };',
     ("aspect.hpp", 2), ("is not static", "no object of an aspect", "write `static`")),
    ("parameter", 'struct OVM_ASPECT A { OVM_BEFORE("execution(app::run)") static void f(int what) {} };',
     ("aspect.hpp", 2), ("parameter 'what' that means nothing here", "name it at, self")),
    ("no proceed", 'struct OVM_ASPECT A { OVM_AROUND("execution(app::run)") static int f() { return 0; } };',
     ("aspect.hpp", 2), ("without a parameter 'proceed'", "could never run", "take `auto&& proceed`")),
    ("consteval", 'struct OVM_ASPECT A { OVM_BEFORE("execution(app::made)") static void f() {} };',
     ("source.cpp", 4), ("function 'app::made' cannot have the advice 'A::f'", "it is consteval", "aspect.hpp:2")),
    ("noreturn", 'struct OVM_ASPECT A { OVM_AFTER("execution(app::stop)") static void f() {} };',
     ("source.cpp", 6), ("function 'app::stop'", "it never returns")),
    ("function name", 'struct OVM_ASPECT A { OVM_AROUND("execution(app::name)") static auto f(auto&& proceed) '
     '{ return proceed(); } };', ("source.cpp", 11), ("function 'app::name'", "__func__")),
    ("variable arguments", 'struct OVM_ASPECT A { OVM_AROUND("execution(app::old)") static auto f(auto&& proceed) '
     '{ return proceed(); } };', ("source.cpp", 12), ("function 'app::old'", "variable arguments")),
    ("no object", 'struct OVM_ASPECT A { OVM_BEFORE("execution(app::run)") static void f(auto& self) {} };',
     ("source.cpp", 3), ("function 'app::run'", "has no object")),
    ("no name", 'struct OVM_ASPECT A { OVM_BEFORE("execution(app::nameless)") static void f(auto&... arguments) {} };',
     ("source.cpp", 16), ("function 'app::nameless'", "a parameter has no name")),
    ("global call", 'struct OVM_ASPECT A { OVM_BEFORE("call(app::run)") static void f() {} };',
     ("source.cpp", 13), ("call of 'app::run'", "outside of a function")),
    ("temporary", 'struct OVM_ASPECT A { OVM_AFTER("call(app::view)") static void f() {} };',
     ("source.cpp", 17), ("call of 'app::view'", "temporary argument")),
    ("union", 'struct OVM_ASPECT A { struct OVM_INTRODUCE("app::Either") B { int two = 2; }; };',
     ("source.cpp", 18), ("cannot be introduced into 'app::Either'", "it is a union")),
    ("source", 'struct OVM_ASPECT A { OVM_BEFORE("execution(app::run)") static void f() { wrong; } };',
     ("aspect.hpp", 2), ("use of undeclared identifier 'wrong'", "does not compile", "mend it")),
]


def main():
    checks = suite.Suite(__doc__)
    source = checks.place("source.cpp", SOURCE)
    for name, aspect, (file, line), words in CASES:
        path = checks.place("aspect.hpp", f'#include "base/weave.hpp"\n{aspect}\n')
        result = checks.weave([path], source)
        place = re.search(r"^([^:\n]+):(\d+)(?::\d+)?: error:", result.stderr, re.M)
        checks.check(f"{name}: status", result.returncode == 1 and not result.stdout, str(result.returncode))
        checks.check(f"{name}: place", place and place[1].endswith(file) and int(place[2]) == line, result.stderr)
        for word in words:
            checks.check(f"{name}: says {word!r}", word in result.stderr, result.stderr)
        structured = checks.weave([path], source, "--json")
        problems = json.loads(structured.stderr)["problems"] if structured.stderr.startswith("{") else []
        checks.check(f"{name}: json", problems and problems[0]["line"] == line and problems[0]["mend"], structured.stderr)
    for name, command in (("nothing", []), ("option", ["--colour"]), ("value", ["--aspect"]), ("map", ["--merge"])):
        result = suite.run([checks.options.weaver, *command])
        checks.check(f"command line: {name}", result.returncode == 2 and "--help" in result.stderr, result.stderr)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
