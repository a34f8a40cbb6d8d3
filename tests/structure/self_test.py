#!/usr/bin/env python3
"""Seeds small trees with what the structure tests forbid, and sees that each test says so."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CEILINGS = (HERE / "ceilings.txt").read_text()
MARK = "TO" + "DO"
# (test, files of the tree, words that the failure must hold, or None where the tree is good)
CASES = [
    ("include_graph", {}, None),
    ("include_graph", {"policy/a.hpp": '#include "processor/b.hpp"\n', "processor/b.hpp": '#include "memory/c.hpp"\n',
                       "memory/c.hpp": '#include "base/d.hpp"\n// #include "policy/a.hpp"\n', "base/d.hpp": ""}, None),
    ("include_graph", {"base/a.hpp": '#include "memory/b.hpp"\n', "memory/b.hpp": ""}, "base/ must not reach up to memory/"),
    ("include_graph", {"memory/a.hpp": '#include "processor/b.hpp"\n', "processor/b.hpp": ""}, "on one floor"),
    ("include_graph", {"loader/a.hpp": '#include "interface/b.hpp"\n', "interface/b.hpp": ""}, "on one floor"),
    ("include_graph", {"base/a.hpp": '#include "base/b.hpp"\n', "base/b.hpp": '#include "base/a.hpp"\n'}, "a cycle of includes"),
    ("include_graph", {"base/a.hpp": '#include "b.hpp"\n', "base/b.hpp": ""}, "no such file"),
    ("include_graph", {"base/a.hpp": '#include "base/a.generated.hpp"\n', "base/b.cpp": '#include "base/b.generated.hpp"\n'}, None),
    ("include_graph", {"base/a.hpp": '#include "base/b.generated.hpp"\n', "base/b.hpp": ""}, "include the header that it is written for"),
    ("include_graph", {"base/a.hpp": '#include "../base/b.hpp"\n', "base/b.hpp": ""}, "not a relative one"),
    ("include_graph", {"attic/a.hpp": ""}, "stands on no floor"),
    ("include_graph", {"memory/a.hpp": '#include "arch/x86_64/b.hpp"\n', "arch/x86_64/b.hpp": ""}, "neutral header"),
    ("include_graph", {"boot/a.hpp": '#include "arch/x86_64/b.hpp"\n', "arch/x86_64/b.hpp": ""}, None),
    ("include_graph", {"interface/a.hpp": '#include "arch/x86_64/instruction/b.hpp"\n', "arch/x86_64/instruction/b.hpp": ""}, None),
    ("include_graph", {"memory/a.hpp": '#include "arch/x86_64/instruction/b.hpp"\n', "arch/x86_64/instruction/b.hpp": ""}, "no need"),
    ("include_graph", {"arch/x86_64/a.hpp": '#include "arch/hosted/b.hpp"\n', "arch/hosted/b.hpp": ""}, "does not know another"),
    ("include_graph", {"arch/x86_64/instruction/a.hpp": '#include "arch/x86_64/b.hpp"\n', "arch/x86_64/b.hpp": ""}, "portable"),
    ("include_graph", {"memory/a.hpp": "#if OVM_HOSTED\n#endif\n"}, "no platform #if"),
    ("include_graph", {"arch/a.hpp": "#if OVM_HOSTED\n#endif\n"}, None),
    ("include_graph", {"memory/a.hpp": "#include <immintrin.h>\n"}, "reached through arch/"),
    ("trusted_lines", {"base/a.hpp": "int a();\n" * 30, "base/b.hpp": "int b();\n", "trusted.txt": "hypervisor/base/b.hpp  why\n"}, None),
    ("trusted_lines", {"base/b.hpp": "int b();\n", "trusted.txt": "hypervisor/base/b.hpp  why\n"}, "is trusted, above"),
    ("trusted_lines", {"base/b.hpp": "", "trusted.txt": "hypervisor/base/c.hpp  why\n"}, "is gone"),
    ("trusted_lines", {"base/b.hpp": "", "trusted.txt": "hypervisor/base/b.hpp\n"}, "has no reason"),
    ("trusted_lines", {"base/b.hpp": '[[clang::annotate("ovm::trusted", "why")]] int b(int c)\n{\n    return c;\n}\n'}, "is trusted, above"),
    ("trusted_lines", {"base/b.hpp": "int b;\n" * 90 + '[[clang::annotate("ovm::trusted", "why")]] int b(int c) const;\n'}, "annotate the definition"),
    ("trusted_lines", {"base/b.hpp": f"// {MARK}: later\n"}, "unfinished work"),
    ("trusted_lines", {"base/b.hpp": "// words\n" * 401}, "over 400 lines"),
    ("trusted_lines", {"arch/x86_64/b.hpp": "int b;\n" * 350, "base/b.hpp": "\n// words\n/* more\nwords */\n"}, None),
    ("trusted_lines", {f"arch/x86_64/b{index}.hpp": "int b;\n" * 400 for index in range(16)}, "arch/ has 6400 lines"),
    ("formatting", {"base/a.hpp": "int a();\n"}, None),
    ("formatting", {f"base/a{index}.hpp": "int  a( ) ;\n" for index in range(200)}, "base/a7.hpp is not laid out"),
    ("language", {"base/a.hpp": ""}, None),
    ("language", {"base/a.py": ""}, "Python is allowed in"),
    ("language", {"base/tool": "#!/usr/bin/env python3\n"}, "Python is allowed in"),
    ("language", {"base/a.hpp": "// see /wo" + "rk/main\n"}, "speaks of the workplace"),
]


def run(test, *arguments):
    return subprocess.run([sys.executable, HERE / f"{test}.py", *arguments], capture_output=True, text=True, check=False)


def judge(name, result, words):
    good = result.returncode == 0 if words is None else result.returncode == 1 and words in result.stdout
    if not good:
        print(f"FAILED {name}: expected {words or 'no failure'}, got:\n{result.stdout}{result.stderr}")
    return good


def image_case(folder, name, assembly, words, globals_list=None):
    """Links a few instructions into an ELF and judges it, or its globals; None where there is no tool to do so."""
    source, image = folder / f"{name}.S", folder / f"{name}.elf"
    source.write_text(assembly)
    compiler = shutil.which("clang-19") or shutil.which("clang")
    if compiler is None:
        return None
    built = subprocess.run([compiler, "-nostdlib", "-static", "-no-pie", *(["-Wl,-N"] if name == "writable" else []),
                            source, "-o", image], capture_output=True, text=True, check=False)
    if built.returncode != 0:
        print(f"FAILED image {name}: {built.stderr}")
        return False
    if globals_list is None:
        return judge(f"image {name}", run("image", image), words)
    listed = folder / f"{name}.txt"
    listed.write_text(globals_list)
    return judge(f"globals {name}", run("globals", image, listed), words)


def main():
    results = []
    for index, (test, files, words) in enumerate(CASES):
        with tempfile.TemporaryDirectory(prefix="ovm-structure-") as folder:
            root = pathlib.Path(folder)
            files = {f"hypervisor/{name}": text for name, text in files.items()} | {"tests/structure/ceilings.txt": CEILINGS}
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            results.append(judge(f"{test}, case {index}", run(test, "--root", root), words))
    with tempfile.TemporaryDirectory(prefix="ovm-structure-") as folder:
        start = ".globl _start\n_start:\n"
        for name, assembly, words in (
                ("plain", start + "mov %rax, %rbx\nverr %ax\nvmrun\nprefetcht0 (%rax)\nret\n", None),
                ("sse", start + "movaps %xmm1, %xmm2\nret\n", "vector, x87 or MMX instruction"),
                ("avx", start + "vpxor %ymm1, %ymm2, %ymm3\nret\n", "vector, x87 or MMX instruction"),
                ("x87", start + "fldz\nret\n", "x87 instruction"),
                ("mmx", start + "movq %mm0, %rax\nret\n", "vector, x87 or MMX instruction"),
                ("control", start + "ldmxcsr (%rax)\nret\n", "vector, x87 or MMX instruction"),
                ("save", start + "xsave64 (%rdi)\nret\n", "save-area instruction"),
                ("save_allowed", start + "ret\nsave_extended_state:\nxsave64 (%rdi)\nfxrstor (%rdi)\nret\n", None),
                ("sse_there_too", start + "ret\nsave_extended_state:\nmovaps %xmm1, %xmm2\n", "vector, x87 or MMX"),
                ("writable", start + "ret\n.data\n.quad 1\n", "both writable and executable")):
            results.append(image_case(pathlib.Path(folder), name, assembly, words))
        results.append(judge("image, no image", run("image", folder + "/nothing"), "no ovm.elf"))
        # A label, a constant, and what a compiler makes of `namespace ovm { namespace { int a; } void f(long) { static int b; } }`.
        start += "ret\n.section .rodata\nconstant: .quad 1\n.data\nplain: .quad 1\n.bss\n"
        start += "_ZN3ovm12_GLOBAL__N_11aE: .skip 4\n_ZZN3ovm1fElE1b.0: .skip 4\n_ZZN3ovm1fElE1b.1: .skip 4\n"
        whole = "# why\nplain  why\novm::a  why\novm::f::b  why\n"
        for name, listed, words in (
                ("listed", whole, None),
                ("unlisted", whole.replace("ovm::a  why\n", ""), "ovm::a is a global"),
                ("gone", whole + "ovm::c  why\n", "ovm::c is listed and gone"),
                ("constant", whole + "constant  why\n", "constant is listed and gone"),
                ("unreasoned", whole.replace("plain  why", "plain"), "plain is listed without a reason")):
            results.append(image_case(pathlib.Path(folder), name, start, words, listed))
        results.append(judge("globals, no image", run("globals", folder + "/nothing"), "no ovm.elf"))
    ran = [result for result in results if result is not None]
    print(f"{sum(ran)} passed, {len(ran) - sum(ran)} failed")
    return 0 if all(ran) else 1


if __name__ == "__main__":
    sys.exit(main())
