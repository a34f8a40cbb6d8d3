"""What the guest `bench` prints of the round trips that it made."""
import re

CLEARED = "first-touch, clearing included"


def measured(text):
    """The guest's figures by name; clearing a page, which the guest measures by itself, taken out of the first touch."""
    figures = {name: int(value) for name, value in re.findall(r"\bbench ([a-z0-9-]+) (\d+)$", text, re.MULTILINE)}
    clearing = figures.pop("page-clearing", 0)
    if "first-touch" in figures:
        figures[CLEARED] = figures["first-touch"]
        figures["first-touch"] -= clearing
    figures.pop("empty", None)
    return figures
