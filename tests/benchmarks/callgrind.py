"""Reads callgrind's files: what each function spends itself, what it calls counted with it unless it has a name."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

__all__ = ("Function", "own_costs", "read")

_NAMED = re.compile(r"(c?)(ob|fn|fl|fi|fe|file)=(?:\((\d+)\))?(?: ?(.*))?")
_RECURSION = re.compile(r"'\d+$")


class Function(NamedTuple):
    """A function in a file: a Python module, or an object of machine code."""

    name: str
    file: str

    def __str__(self) -> str:
        return f"{self.name} ({self.file})"


Costs = Counter[Function]
Calls = Counter[tuple[Function, Function]]
"""What a function's calls of another cost, all that these do included."""


def read(lines: Iterable[str]) -> tuple[Costs, Calls]:
    """Read a file in callgrind's format: the costs of functions by themselves, and those of their calls."""
    reader = _Reader()
    for line in lines:
        reader.take(line.rstrip("\n"))
    return reader.costs, reader.calls


class _Reader:
    def __init__(self) -> None:
        self.costs: Costs = Counter()
        self.calls: Calls = Counter()
        self._known: dict[tuple[str, str], str] = {}
        self._object = self._called_object = ""
        self._function = self._called = Function("", "")
        self._is_call = False

    def take(self, line: str) -> None:
        """Take one line."""
        if line[:1].isdigit() or line[:1] in {"+", "-", "*"}:
            self._take_cost(int(line.split()[1]))
        elif line.startswith("calls="):
            self._is_call = True
        elif found := _NAMED.fullmatch(line):
            self._take_name(*found.groups())

    def _take_cost(self, cost: int) -> None:
        if self._is_call:
            self.calls[self._function, self._called] += cost
            self._is_call = False
        else:
            self.costs[self._function] += cost

    def _take_name(self, called: str, kind: str, number: str | None, name: str | None) -> None:
        """Names stand in full once, and are numbers then; those of objects and of functions are numbered apart."""
        if name and number:
            self._known[kind, number] = name
        name = name or self._known.get((kind, number or ""), "")
        if kind == "ob" and called:
            self._called_object = name
        elif kind == "ob":
            self._object = name
        elif kind == "fn" and called:
            self._called = Function(_RECURSION.sub("", name), self._called_object or self._object)
            self._called_object = ""
        elif kind == "fn":
            self._function = Function(_RECURSION.sub("", name), self._object)


def own_costs(costs: Costs, calls: Calls, names: Mapping[int, str]) -> Costs:
    """Return what Python's functions and extension modules spend themselves.

    All else, such as the C library, is counted with its callers: it calls none of these.
    """
    kept: Costs = Counter()
    for function, cost in costs.items():
        named = _named(function, names)
        kept[named or Function("", "")] += cost
    for (caller, called), cost in calls.items():
        named = _named(caller, names)
        if named and not _named(called, names):
            kept[named] += cost
            kept[Function("", "")] -= cost
    return kept


def _named(function: Function, names: Mapping[int, str]) -> Function | None:
    """Return the Python function of a trampoline, or the function of an extension module."""
    if function.name.startswith("0x") and (name := names.get(int(function.name.split()[0], 16))):
        qualified, _, file = name.removeprefix("py::").rpartition(":")
        return Function(qualified, file)
    return function if ".cpython-" in function.file or ".abi3." in function.file else None
