#!/usr/bin/env python3
"""Woven advice costs exactly what code written by hand costs: the instructions of each advised function, compared with
those of its twin, in which the same is written out.

    cost.py --weaver PATH/ovm-weave
"""
import re
import sys

import suite

ASPECT = """#pragma once
#include "base/weave.hpp"
void entered(int);
void left(int);
bool wanted();
namespace twin { struct Pair { long one; long other; }; }
struct OVM_ASPECT OVM_PRECEDES("Both") Cost
{
    OVM_BEFORE("execution(woven::**before)") static void before() { entered(1); }
    OVM_AFTER("execution(woven::**after)") static void after() { left(2); }
    OVM_AROUND("execution(woven::**around)") static decltype(auto) around(auto&& proceed)
    {
        if (!wanted())
            return decltype(proceed()){};
        return proceed();
    }
    OVM_BEFORE("execution(woven::located)") static void located(ovm::weave::Join_point at) { entered(static_cast<int>(at.line)); }
    OVM_BEFORE("execution(woven::Object::**seen)") static void seen(auto& self, auto&... arguments) { entered(self.value + (arguments + ...)); }
    OVM_AFTER("call(external) && within(woven::calls)") static void called() { left(3); }
};
struct OVM_ASPECT Both
{
    OVM_BEFORE("execution(woven::all_before) || execution(woven::all_after)") static void again() { entered(4); }
};
"""

# Each is written once for both namespaces; what is in <> stands in the twin only.
FUNCTIONS = """
int simple_before(int value) { <entered(1);> return value * 3; }
long loop_after(long const* values, long count)
{
    <struct Leave { ~Leave() { left(2); } } const leave;>
    long sum = 0;
    for (long i = 0; i < count; ++i)
        if (values[i] < 0) return -1; else sum += values[i];
    return sum;
}
int branch_around(int value) { <if (!wanted()) return {};> if (value > 3) return external(value); return value; }
twin::Pair pair_around(long value) { <if (!wanted()) return {};> return {value, external(static_cast<int>(value))}; }
int located(int value) { <entered(LINE);> return value + 1; }
struct Object { int value; int seen(int more) const; };
int Object::seen(int more) const { <entered(value + more);> return value - more; }
int calls(int value) { <int const result = external(value); left(3); return result;> [return external(value);] }
int all_before(int value) { <entered(1); entered(4);> return external(value) + 1; }
int all_after(int value) { <struct Leave { ~Leave() { left(2); } } const leave; entered(4);> return external(value) + 1; }
"""
NAMES = ["simple_before", "loop_after", "branch_around", "pair_around", "located", "Object::seen", "calls", "all_before",
         "all_after"]


def instructions(listing):
    """Of each function: names of instructions, as calls and constants may be laid out elsewhere."""
    functions, current = {}, None
    for line in listing.splitlines():
        if head := re.match(r"^[0-9a-f]+ <([^(>]+)(?:\(.*\))?(?: const)?>:$", line):
            current = functions.setdefault(head[1], [])
        elif current is not None and (step := re.match(r"^\s+[0-9a-f]+:\s+(\S+)", line)):
            if not step[1].startswith("nop"):  # what fills up to the next function
                current.append(step[1])
    return functions


def main():
    checks = suite.Suite(__doc__)
    aspect = checks.place("cost.hpp", ASPECT)
    by_weaver = re.sub(r"<([^<>]*;)>", "", FUNCTIONS).replace("[return", "return").replace(";]", ";")
    by_hand = re.sub(r"\[return[^\]]*\]", "", re.sub(r"<([^<>]*;)>", r"\1", FUNCTIONS))
    head = '#include "cost.hpp"\nint external(int);\nnamespace woven\n{'
    line = 1 + (head + by_weaver).split("int located")[0].count("\n")
    text = f"{head}{by_weaver}}}\nnamespace twin\n{{{by_hand.replace('LINE', str(line))}}}\n"
    source = checks.place("source.cpp", text)
    for level in ("-O1", "-O2", "-Os"):
        flags = [level, "-mcmodel=kernel", "-mno-sse"]
        woven = checks.weave([aspect], source, "-o", checks.folder / "woven.ii")
        checks.check(f"{level}: woven", woven.returncode == 0, woven.stderr)
        compiled = suite.run([checks.options.compiler, *suite.FLAGS, *flags, "-Wno-unused-command-line-argument", "-c",
                              checks.folder / "woven.ii", "-o", checks.folder / "woven.o"])
        checks.check(f"{level}: compiled", compiled.returncode == 0, compiled.stderr)
        functions = instructions(suite.run(["llvm-objdump-19", "-d", "-C", "--no-show-raw-insn",
                                            checks.folder / "woven.o"]).stdout)
        for name in NAMES:
            one, other = functions.get(f"woven::{name}", []), functions.get(f"twin::{name}", [])
            checks.check(f"{level}: {name}", one and sorted(one) == sorted(other),
                         f"woven {len(one)} {' '.join(one)}\n  by hand {len(other)} {' '.join(other)}")
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
