"""How the benches print: a table for people, one JSON object for programs."""
import dataclasses
import json

from support import machine


@dataclasses.dataclass(frozen=True)
class Figure:
    """One measured number, the most that it may be, and what peers need for the same."""
    name: str
    value: int | float
    most: int | float | None = None
    peers: dict = dataclasses.field(default_factory=dict)

    @property
    def reached(self):
        return None if self.most is None else self.value <= self.most


def show(bench, unit, figures, arguments, peers=(), **more):
    """Prints the figures as the options say; `peers` are the table's columns."""
    if not figures:
        raise machine.Problem("the machine printed no figure")
    if arguments.json:
        results = [{"name": each.name, "ovm": each.value, "most": each.most, "reached": each.reached,
                    **{peer.lower(): each.peers.get(peer) for peer in peers}} for each in figures]
        print(json.dumps({"bench": bench, "unit": unit, "short": arguments.short, **more, "results": results}))
        return
    width = max(len(unit), *(len(each.name) for each in figures)) + 2
    print(f"{unit:{width}}" + "".join(f"{word:>14}" for word in ("OVM", "at most", *peers)))
    for each in figures:
        columns = [each.value, each.most, *(each.peers.get(peer) for peer in peers)]
        line = f"{each.name:{width}}" + "".join(f"{'-' if column is None else column:>14}" for column in columns)
        print(line + ("" if each.reached is not False or arguments.short else "   not reached"))
    if arguments.short:
        print("a short run: these figures mean nothing")
