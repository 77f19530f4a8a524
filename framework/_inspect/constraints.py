"""Hints for constraints that msgspec does not check on a type."""

import re

__all__ = ("constraint_hint",)

_REFUSED = re.compile(
    r"Can only set `(?P<name>\w+)` on .*? type `typing\.Annotated\[(?P<type>.+?), (?P<meta>msgspec\.Meta\(.*\))\]`"
)
_BOUNDS = ("int and float", frozenset({"int", "float"}))
_LENGTHS = (
    "str, bytes and collections",
    frozenset({"str", "bytes", "bytearray", "list", "set", "frozenset", "tuple", "dict"}),
)
_CHECKED = {
    **dict.fromkeys(("gt", "ge", "lt", "le", "multiple_of"), _BOUNDS),
    **dict.fromkeys(("min_length", "max_length"), _LENGTHS),
    "pattern": ("str", frozenset({"str"})),
    "tz": ("datetime and time", frozenset({"datetime", "time"})),
}
"""The types whose values msgspec checks, by the argument of ``Meta``: as they are described, and their names."""
_BESIDE = re.compile(r" \| (?![^\[]*\])")
"""The bar between members of a union, and not one in brackets."""


def constraint_hint(reason: str) -> str:
    """Return a hint for the message of msgspec about a constraint; empty for another message."""
    found = _REFUSED.search(reason)
    if found is None or found["name"] not in _CHECKED:
        return ""
    described, names = _CHECKED[found["name"]]
    members = _members(found["type"])
    meta = found["meta"].removeprefix("msgspec.")
    fitting = [one for one in members if one.partition("[")[0] in names]
    if fitting and len(members) > 1:
        written = [f"Annotated[{one}, {meta}]" if one in fitting else one for one in members]
        return f"write {' | '.join(written)}"
    return (
        f"msgspec checks {found['name']}= of {described} only; check a value of another type in __post_init__ of a "
        "Struct, which raises ValueError"
    )


def _members(written: str) -> list[str]:
    """Return the members of a union, without the modules of their names."""
    plain = re.sub(r"\b[\w.]+\.(\w+)", r"\1", written)
    optional = re.fullmatch(r"Optional\[(.*)\]", plain)
    return [optional[1], "None"] if optional is not None else _BESIDE.split(plain)
