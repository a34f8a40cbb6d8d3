"""Machine scenarios: functions of tests/machine/*.py that say what a running machine must do."""
import dataclasses
import importlib.util
import pathlib
import typing

registered = []


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One scenario: `run` gets a harness.machine.Bench and raises Failure when the machine is wrong."""
    name: str
    timeout: int        # seconds of real time
    cost: int           # how many workers it keeps busy: 2 for one that runs several virtual processors
    full: bool          # only part of `./test full`
    file: pathlib.Path
    run: typing.Callable


class Failure(Exception):
    """The machine did something else than the scenario says."""


class Skip(Exception):
    """The scenario cannot run here; the text says why."""


def scenario(name, timeout=120, cost=1, full=False):
    """Registers the decorated function as a machine scenario."""
    def register(function):
        registered.append(Scenario(name, timeout, cost, full, pathlib.Path(function.__code__.co_filename), function))
        return function
    return register


def scenarios(timeout=120, cost=1, full=False, **names):
    """Registers the decorated function once for each NAME=ARGUMENT."""
    def register(function):
        for name, argument in names.items():
            def bound(bench, argument=argument):
                return function(bench, argument)
            registered.append(Scenario(name.replace("_", "-"), timeout, cost, full,
                                       pathlib.Path(function.__code__.co_filename), bound))
        return function
    return register


def load(folder):
    """Imports every scenario file of the folder and returns all scenarios, by name."""
    for path in sorted(pathlib.Path(folder).glob("*.py")):
        specification = importlib.util.spec_from_file_location(f"machine_{path.stem}", path)
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
    names = [entry.name for entry in registered]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"two scenarios of one name: {', '.join(sorted(twice))}")
    return {entry.name: entry for entry in registered}
