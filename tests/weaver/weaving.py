#!/usr/bin/env python3
"""What the weaver makes: calls, order, introductions, the object's advice, debug information, maps, and a program of
several files.

    weaving.py --weaver PATH/ovm-weave
"""
import json
import sys

import suite

ASPECTS = """#pragma once
#include <cstdio>
#include "base/weave.hpp"
namespace app { struct Countable { int countable() const { return 40; } protected: ~Countable() = default; }; }

struct OVM_ASPECT OVM_PRECEDES("Middle") Outer
{
    OVM_BEFORE("execution(app::ordered)") static void before() { std::puts("outer before"); }
    OVM_AFTER("execution(app::ordered)") static void after() { std::puts("outer after"); }
    OVM_AROUND("execution(app::ordered)") static void around(auto&& proceed)
    {
        std::puts("outer in");
        proceed();
        std::puts("outer out");
    }
};
struct OVM_ASPECT OVM_PRECEDES("Inner") Middle
{
    OVM_BEFORE("execution(app::ordered)") static void before() { std::puts("middle before"); }
};
struct OVM_ASPECT Inner
{
    OVM_BEFORE("execution(app::ordered)") static void before() { std::puts("inner before"); }
};
struct OVM_ASPECT Calls
{
    OVM_BEFORE("call(app::target(int)) && within(app::caller)") static void before(ovm::weave::Join_point at)
    {
        std::printf("before %s:%u\\n", at.file.data(), at.line);
    }
    OVM_AFTER("call(app::target(int)) && within(app::caller)") static void after() { std::puts("after"); }
    OVM_AROUND("call(app::target(int)) && within(app::caller)") static int around(auto&& proceed) { return proceed() + 1; }
};
struct OVM_ASPECT Adds
{
    struct OVM_INTRODUCE("app::Thing") Count : public app::Countable
    {
        int added = 2;
        int sum() const { return countable() + added; }
    };
};
struct OVM_ASPECT Looks
{
    OVM_BEFORE("execution(app::Thing::set) && public") static void look(auto& self, auto&&... arguments)
    {
        std::printf("was %d, gets", self.value);
        (std::printf(" %d", arguments), ...);
        std::printf(", %d", self.sum());
        std::puts("");
    }
    OVM_AROUND("derived(app::Base) && returns(app::Answer) && tagged(skips)") static auto skip(auto&& proceed, auto& self)
    {
        return self.skips() ? decltype(proceed()){7} : proceed();
    }
};
"""

SOURCE = """#include <cstdio>
#include "base/weave.hpp"
#include "thing.hpp"
namespace app
{
void ordered() { std::puts("body"); }
int target(int value) { std::puts("target"); return value; }
int target(long value) { return static_cast<int>(value); }
int caller()
{
    int const once = target(1) + target(2L);
    return target(target(once));
}
struct Answer { int value; };
struct Base { bool skips() const { return true; } };
struct OVM_TAG("skips") Derived : Base { Answer ask() const { return {1}; } int other() const { return 3; } };
} // namespace app
int main()
{
    app::ordered();
    std::printf("called %d\\n", app::caller());
    app::target(9);
    app::Thing thing;
    thing.set(5, 6);
    std::printf("%d %d\\n", app::Derived{}.ask().value, app::Derived{}.other());
}
"""

THING = """#pragma once
namespace app
{
class Thing
{
public:
    void set(int next, [[maybe_unused]] int other) { value = next; hidden(); }
    int value = 1;

private:
    void hidden() {}
};
} // namespace app
"""

PRINTED = """outer before
outer in
middle before
inner before
body
outer out
outer after
before source.cpp:11
target
after
before source.cpp:12
before source.cpp:12
target
after
target
after
called 6
target
was 1, gets 5 6, 42
7 3
"""


def one_file(checks):
    aspects = checks.place("aspects.hpp", ASPECTS)
    checks.place("thing.hpp", THING)
    source = checks.place("source.cpp", SOURCE)
    woven = checks.weave([aspects], source, "-o", checks.folder / "woven.ii", "--map", checks.folder / "map.json")
    checks.check("woven", woven.returncode == 0, woven.stderr)
    compiled = checks.compile(checks.folder / "woven.ii", "-o", checks.folder / "program", *suite.LINK)
    checks.check("compiled", compiled.returncode == 0, compiled.stderr)
    printed = suite.run([checks.folder / "program"]).stdout
    checks.check("printed", printed == PRINTED, printed)
    places = json.loads((checks.folder / "map.json").read_text())["join_points"]
    found = [(place["kind"], place["place"], place["name"], place["file"].split("/")[-1], place["line"]) for place in places]
    for expected in (("before", "call", "app::target", "source.cpp", 12), ("introduce", "class", "app::Thing", "thing.hpp", 4),
                     ("around", "execution", "app::Derived::ask", "source.cpp", 16),
                     ("before", "execution", "app::Thing::set", "thing.hpp", 7)):
        checks.check(f"map: {expected}", expected in found, str(found))
    checks.check("map: number", len(found) == 5 + 3 * 3 + 1 + 2, str(found))
    symbols = suite.run(["llvm-dwarfdump-19", "--debug-line", checks.folder / "program"]).stdout
    checks.check("debug: files", "source.cpp" in symbols and "woven.ii" not in symbols, symbols[:600])


def errors_in_place(checks):
    """Of the source, behind advice, and of advice."""
    source = checks.place("wrong.cpp", "namespace app { void f(); }\nvoid app::f()\n{\n    int unused = 1;\n}\nint main() {}\n")
    aspect = checks.place("add.hpp", '#include "base/weave.hpp"\nstruct OVM_ASPECT A\n{\n'
                          '    OVM_AROUND("execution(app::f)") static void f(auto&& proceed)\n    {\n        proceed(1);\n    }\n};\n')
    checks.check("in place: woven", checks.weave([aspect], source, "-o", checks.folder / "wrong.ii").returncode == 0)
    result = checks.compile(checks.folder / "wrong.ii", "-c", "-o", "/dev/null")
    checks.check("in place: source", "wrong.cpp:4:9: error: unused variable" in result.stderr, result.stderr)
    checks.check("in place: advice", "add.hpp:6:9: error: no matching function" in result.stderr, result.stderr)


def several_files(checks):
    """As a build does it: only what matches is woven, and the maps are merged."""
    aspect = checks.place("part.hpp", '#include "base/weave.hpp"\nint counted();\nstruct OVM_ASPECT A\n{\n'
                          '    OVM_BEFORE("execution(app::inlined) || execution(app::first)") static void f() { counted(); }\n'
                          '    OVM_BEFORE("execution(app::nowhere)") static void g() {}\n};\n')
    checks.place("shared.hpp", "#pragma once\nnamespace app { inline int inlined() { return 1; } }\n")
    texts = {"first": '#include "shared.hpp"\nnamespace app { int first() { return inlined(); } }\n',
             "second": '#include "shared.hpp"\nint second() { return app::inlined(); }\n',
             "third": "namespace app { int first(); }\nint third() { return app::first(); }\n"}
    for name, text in texts.items():
        source = checks.place(f"{name}.cpp", text)
        dependencies = checks.folder / f"{name}.d"
        result = suite.run([checks.options.weaver, "--aspect", aspect, "--compile", "--", checks.options.compiler,
                            *suite.FLAGS, "-Werror", "-MD", "-MF", dependencies, "-MT", "object", "-c", source,
                            "-o", checks.folder / f"{name}.o"])
        checks.check(f"part {name}: compiled", result.returncode == 0, result.stderr)
        advised = "counted" in suite.run(["llvm-nm-19", checks.folder / f"{name}.o"]).stdout
        checks.check(f"part {name}: advised", advised == (name != "third"))
        checks.check(f"part {name}: map", (checks.folder / f"{name}.o.weave").exists() == (name != "third"))
        if name != "third":
            checks.check(f"part {name}: dependencies", "part.hpp" in dependencies.read_text())
    merged = suite.run([checks.options.weaver, "--merge", "--map", checks.folder / "all.txt",
                        checks.folder / "first.o.weave", checks.folder / "second.o.weave"])
    checks.check("merge: nowhere is an error", merged.returncode == 1 and "'A::g' matches nothing" in merged.stderr
                 and "'A::f'" not in merged.stderr, merged.stderr)
    text = (checks.folder / "all.txt").read_text()
    checks.check("merge: once", text.count("of app::inlined") == 1 and text.count("of app::first") == 1, text)


def main():
    checks = suite.Suite(__doc__)
    one_file(checks)
    errors_in_place(checks)
    several_files(checks)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
