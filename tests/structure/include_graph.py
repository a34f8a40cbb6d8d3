#!/usr/bin/env python3
"""The floors of the hypervisor: nothing reaches up, nothing goes in circles, the platform stays in arch/.

    include_graph.py [--root TREE]
"""
import pathlib
import re

import tree

FLOORS = {"base": 0, "arch": 1, "object": 2, "memory": 3, "processor": 3, "interface": 4, "loader": 4,
          "extension": 5, "policy": 5, "boot": 6}
SIBLINGS = {("processor", "memory")}  # on one floor, the first may include the second
DECODER = "arch/x86_64/instruction/"
DECODER_USERS = {"interface", "processor", "loader", "boot"}
GENERATED = ".generated.hpp"  # compiler/generator writes them into the build tree
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]*)"|<([^>\n]*)>)', re.M)
CONDITION = re.compile(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif|elifdef|elifndef)\b(.*)", re.M)
PLATFORM = re.compile(r"\b(OVM_HOSTED|__STDC_HOSTED__|__x86_64(__)?|__amd64(__)?|__i386(__)?|__linux(__)?|__unix(__)?|"
                      r"_WIN32|__APPLE__|__aarch64__)\b")
PLATFORM_HEADER = re.compile(r"^(\w*mmintrin|immintrin|x86intrin|x86gprintrin|ia32intrin|cpuid|unistd|pthread|fcntl|"
                             r"signal|dlfcn|poll)\.h$|^(sys|linux|asm)/|^(thread|mutex|iostream|fstream|filesystem)$")


def line_of(text, place):
    return text.count("\n", 0, place) + 1


def floor_failure(source, target):
    """Why the file may not include the header, or nothing. Both are paths from hypervisor/."""
    here, there = source.split("/")[0], target.split("/")[0]
    if there not in FLOORS:
        return f"includes \"{target}\" of '{there}/', which is on no floor"
    if here == there == "arch":
        port, other = (path.split("/")[1] for path in (source, target))
        if port == "x86_64" and other == "hosted":
            return f'includes "{target}": one port does not know another'
        if port == "hosted" and other == "x86_64" and not target.startswith((DECODER, "arch/x86_64/svm/")):
            return f'includes "{target}": the hosted port may only share the decoder and the SVM layouts'
        if source.startswith(DECODER) and not target.startswith(DECODER) and other in ("x86_64", "hosted"):
            return f'includes "{target}": the decoder is portable and needs nothing of a port'
        return None
    if FLOORS[there] > FLOORS[here]:
        return f'includes "{target}": {here}/ must not reach up to {there}/'
    if FLOORS[there] == FLOORS[here] and here != there and (here, there) not in SIBLINGS:
        return f'includes "{target}": {here}/ and {there}/ are on one floor and {here}/ may not include {there}/'
    if there == "arch" and target.count("/") > 1:
        if target.startswith(DECODER):
            return None if here in DECODER_USERS else f'includes "{target}": {here}/ has no need of the decoder'
        if target.startswith(("arch/x86_64/", "arch/hosted/")) and here != "boot":
            return f'includes "{target}": use the neutral header directly in arch/'
    return None


def cycles(graph):
    """Each cycle found once, as a list of files."""
    found, done = [], set()
    for start in sorted(graph):
        path, open_files = [], [(start, iter(sorted(graph[start])))]
        if start in done:
            continue
        path.append(start)
        while open_files:
            current, following = open_files[-1]
            step = next(following, None)
            if step is None:
                done.add(current)
                path.pop()
                open_files.pop()
            elif step in path:
                found.append(path[path.index(step):] + [step])
            elif step in graph and step not in done:
                path.append(step)
                open_files.append((step, iter(sorted(graph[step]))))
    return found


def judge_file(name, text, known, failures):
    """Judges one file; returns what it includes."""
    targets = set()
    code = tree.without_comments(text)
    folder = name.split("/")[0]
    for match in INCLUDE.finditer(code):
        place = f"hypervisor/{name}:{line_of(code, match.start())}"
        target, system = match[1], match[2]
        if system is not None:
            if PLATFORM_HEADER.search(system) and folder != "arch":
                failures.append(f"{place}: includes <{system}>: the platform is reached through arch/ only")
            continue
        if ".." in pathlib.PurePosixPath(target).parts or target.startswith(("./", "/")):
            failures.append(f'{place}: includes "{target}": name the path from hypervisor/, not a relative one')
        elif target.endswith(GENERATED):
            # The tail of the file that asks for it, as a port's inline.hpp is.
            if target != re.sub(r"\.[a-z]+$", GENERATED, name):
                failures.append(f'{place}: includes "{target}": include the header that it is written for')
        elif target not in known:
            failures.append(f'{place}: includes "{target}": no such file; name the path from hypervisor/')
        else:
            targets.add(target)
            if reason := floor_failure(name, target):
                failures.append(f"{place}: {reason}")
    if folder != "arch":
        for match in CONDITION.finditer(code):
            if platform := PLATFORM.search(match[1]):
                failures.append(f"hypervisor/{name}:{line_of(code, match.start())}: asks for {platform[0]}: "
                                "no platform #if outside arch/")
    return targets


def main():
    root = tree.root_from_arguments(__doc__.splitlines()[0])
    paths = [path for path in tree.files(root) if path.parts[0] == "hypervisor" and path.suffix in tree.CPP]
    names = {str(path.relative_to("hypervisor")): path for path in paths}
    failures, graph = [], {}
    for name, path in names.items():
        if "/" not in name or name.split("/")[0] not in FLOORS:
            failures.append(f"hypervisor/{name}: stands on no floor (floors: {', '.join(FLOORS)})")
            continue
        graph[name] = judge_file(name, tree.text_of(root, path), names, failures)
    # A port's inline.hpp is the tail of the neutral header that includes it, not a header of its own.
    tails = {name: set() if name.endswith("/inline.hpp") else targets for name, targets in graph.items()}
    failures += ["a cycle of includes: " + " -> ".join(cycle) for cycle in cycles(tails)]
    tree.verdict("include graph", failures, f"{len(graph)} files, {sum(map(len, graph.values()))} includes, "
                 "none reaches up, no cycle")


if __name__ == "__main__":
    main()
