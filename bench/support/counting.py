"""Machines whose instructions are counted by our plugin in QEMU (bench/counter)."""
import re
import shlex

from support import machine, symbols

# Not what is inside of it and was not inlined.
FINISH = r"ovm::boot::Hypervisor::finish\([^()]*\)$"


def places(image, kinds, spans):
    """What the counter must know of the image: (name, pattern) of kinds of crossings, (name, first, last) of spans."""
    names = symbols.Symbols(image)

    def line(what, *patterns, name=""):
        return " ".join([what, *(f"{names.one(pattern):x}" for pattern in patterns), name]).rstrip()

    lines = [f"text {names.text[0]:x} {names.text[1]:x}", line("turn", r"ovm::arch::run_crossing\("),
             line("end", FINISH), line("skip", FINISH),
             line("skip", r"ovm::boot::Hypervisor::start\(\)"),
             *(line("span", first, last, name=name) for name, first, last in spans)]
    lines += [f"kind {address:x} {name}" for name, pattern in kinds for address in names.all(pattern)]
    return "\n".join(lines) + "\n"


def counted(tree, kinds, spans, *arguments, guests):
    """The counts of one machine: {name: (times, sum, longest)}, and what it printed."""
    plugin = tree.build / "bench" / "crossing_counter.so"
    if not plugin.exists():
        raise machine.Problem(f"{plugin} was not built")
    result = tree.folder / "crossings"
    result.unlink(missing_ok=True)
    (tree.folder / "places").write_text(places(tree.build / "hypervisor" / "ovm.elf", kinds, spans))
    program = tree.folder / "counting-qemu"
    option = f"{plugin},out={result},places={tree.folder}/places"
    program.write_text(f'#!/bin/sh\nexec qemu-system-x86_64 "$@" -plugin {shlex.quote(option)}\n')
    program.chmod(0o755)
    text = tree.run("--emulator-binary", program, *arguments, guests=guests)
    if not result.exists():
        raise machine.Problem(f"{text}\nthe machine left no counts")
    return {name: (int(times), int(total), int(longest)) for times, total, longest, name in
            re.findall(r"^(\d+) (\d+) (\d+) (.*)$", result.read_text(), re.MULTILINE)}, text


def script(tree, commands, first, pause):
    """A console script that gives one command after another; the last one stops the machine if it says so."""
    path = tree.folder / "script"
    path.write_text("".join(f"{first + pause * index:.2f} {command}\n" for index, command in enumerate(commands)))
    return path
