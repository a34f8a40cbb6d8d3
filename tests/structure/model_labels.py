#!/usr/bin/env python3
"""Holds code and models to each other by the labels of the models' steps.

    model_labels.py [--root TREE]

A comment of the hypervisor names a step as `swap.pml: close_gate` (several with commas); tests/model/README.md has a
row for each step, whose last column says where its code is. Every step that is named must be one of the model's, every
step of a model must have its row, and where a model is named by any code, each of its steps with code must be.
"""
import pathlib
import re

import tree

MODELS = pathlib.PurePosixPath("tests/model")
LABEL = re.compile(r"^\s*([a-z]\w*):(?!:)", re.M)
PLAIN = re.compile(r"^(boundary|kicked|end(_\w+)?)$")  # where control meets again, and where a process may stop
NAMED = re.compile(r"\b(\w+)\.pml: ((?:[a-z]\w+, )*[a-z]\w+)")
INLINE = re.compile(r"^inline (\w+)", re.M)
SECTION = re.compile(r"^## (\w+)\.pml", re.M)
STEP = re.compile(r"`([a-z]\w+)`")


def steps_of(text):
    """Labelled steps, and those that stand in an inline."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    return {label for label in LABEL.findall(code) if not PLAIN.match(label)}, set(INLINE.findall(code))


def rows_of(readme):
    """By model: each step's code column."""
    places = [(match[1], match.start()) for match in SECTION.finditer(readme)] + [(None, len(readme))]
    rows = {}
    for (name, begin), (_, end) in zip(places, places[1:]):
        rows[name] = {}
        for line in readme[begin:end].splitlines():
            columns = [column.strip() for column in line.strip("|").split("|")]
            if len(columns) == 3:
                rows[name].update({step: columns[2] for step in STEP.findall(columns[0])})
    return rows


def named_by(root, paths):
    """(model, step, where) of each step that a source names; a comment's lines are read as one."""
    for path in paths:
        if path.parts[0] != "hypervisor" or path.suffix not in tree.CPP:
            continue
        text = re.sub(r"\n\s*///?[ /]*", " ", tree.text_of(root, path))
        for match in NAMED.finditer(text):
            for step in match[2].split(", "):
                yield match[1], step, path


def main():
    root = tree.root_from_arguments(__doc__.splitlines()[0])
    paths = tree.files(root)
    models = {path.stem: steps_of(tree.text_of(root, path)) for path in paths
              if path.parent == MODELS and path.suffix == ".pml"}
    rows = rows_of(tree.text_of(root, MODELS / "README.md"))
    failures, named = [], {}
    for model, step, path in named_by(root, paths):
        named.setdefault(model, set()).add(step)
        if model not in models or not any(step in steps for steps in models[model]):
            failures.append(f"{path}: {model}.pml has no step {step}")
    for model, (labels, _) in sorted(models.items()):
        for step in sorted(labels - rows.get(model, {}).keys()):
            failures.append(f"{MODELS}/README.md: no row for {step} of {model}.pml")
        for step, code in sorted(rows.get(model, {}).items()):
            if model in named and "`" in code and step in labels and step not in named[model]:
                failures.append(f"hypervisor/: nothing names {step} of {model}.pml, which is in {code}")
    steps = sum(len(labels) for labels, _ in models.values())
    tree.verdict("model labels", failures, f"{steps} steps of {len(models)} models, {sum(map(len, named.values()))} of them named by code")


if __name__ == "__main__":
    main()
