"""Turns validation errors into errors of variables: the variable, what is wrong, and what to write."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from enum import EnumMeta
from typing import Any

from msgspec import inspect

from framework.http_errors import FieldError
from framework.settings.errors import SettingError
from framework.settings.texts import COLLECTIONS, is_size, plain
from framework.settings.variables import Section, Variable

__all__ = ("as_setting_errors", "hint_of", "misspelt")

_GOT = re.compile(r", got `[^`]*`$")
_NEAR = 0.75
_SHORTEST = 4
"""The shortest value that is hidden in a message; shorter strings are also parts of words."""


def as_setting_errors(
    root: Section, errors: Sequence[FieldError], texts: Mapping[str, str], near: Mapping[str, str]
) -> Iterator[SettingError]:
    """Yield the errors of variables; ``texts`` are their values, ``near`` are misspelt names by what was meant."""
    variables = {one.pointer: one for one in root.all()}
    sections = {one.pointer: one.name for one in (root, *root.subsections())}
    for one in errors:
        found = next((variables[each] for each in _above(one.pointer) if each in variables), None)
        if found is not None:
            yield _of_variable(found, one, texts.get(found.name), near)
        else:
            name = next(sections[each] for each in _above(one.pointer) if each in sections)
            what = _without(_lower(one.detail), texts.values())
            yield SettingError(f"{name}*", what, hint="correct the variables that begin like this")


def _above(pointer: str) -> Iterator[str]:
    """Yield a pointer and those above it, the longest first: ``/a/b``, ``/a``, and the empty one."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]
    yield ""


def _of_variable(variable: Variable, error: FieldError, text: str | None, near: Mapping[str, str]) -> SettingError:
    if text is None:
        hint = f"set it, or {variable.name}_FILE to the path of a file that contains it"
        if variable.name in near:
            hint = f"{near[variable.name]} is set; write {variable.name}"
        return SettingError(variable.name, "it is not set", hint=hint)
    inside = error.pointer.removeprefix(variable.pointer).lstrip("/")
    first = inside.partition("/")[0]
    place = f"item {int(first) + 1}: " if first.isdecimal() else f"{inside}: " if inside else ""
    what = _expected(variable.kind, error)
    # Only a function of the application can have put the value into the message.
    what = _without(what, (text,)) if error.code == "value" else what
    return SettingError(variable.name, f"{place}{what}", hint=hint_of(variable, text))


def _without(what: str, texts: Iterable[str]) -> str:
    """Return a message without values, which may be secrets."""
    for text in sorted(texts, key=len, reverse=True):
        if len(text) >= _SHORTEST:
            what = what.replace(text, "***")
    return what


def _expected(kind: inspect.Type, error: FieldError) -> str:
    values = _values(plain(kind))
    if values and error.code in {"value", "type"}:
        return f"expected {' or '.join(values)}"
    return _lower(_GOT.sub("", error.detail))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _values(kind: Any) -> list[str]:
    """Return the values of an enum or a literal."""
    if isinstance(kind, inspect.EnumType):
        cls: EnumMeta = kind.cls
        return [str(one.value) for one in cls]  # type: ignore[var-annotated]  # the members of any enum
    return [str(one) for one in kind.values if one is not None] if isinstance(kind, inspect.LiteralType) else []


def hint_of(variable: Variable, text: str) -> str:
    """Return the hint for a variable with an invalid value."""
    if text.startswith("tcp://"):
        return "Kubernetes sets it for a service of this name; set enableServiceLinks: false, or choose another prefix"
    kind = variable.kind
    while isinstance(kind, inspect.Metadata):
        description = (kind.extra_json_schema or {}).get("description")
        if description:
            return f"set it to {description}"
        kind = kind.type
    if is_size(variable.kind):
        return "write 512KiB, 10MiB, 2GB, or a number of bytes"
    bare = plain(variable.kind)
    meant = get_close_matches(text, _values(bare), n=1)
    if meant:
        return f"write {meant[0]}"
    return _HINTS.get(type(bare), lambda _: "write a value that fits")(bare)


_MODELS = (inspect.StructType, inspect.DataclassType)


def _for_items(kind: Any) -> str:
    items = kind.item_types if isinstance(kind, inspect.TupleType) else (kind.item_type,)
    if any(isinstance(plain(one), _MODELS) for one in items):
        return "write a JSON array"
    return "separate items by commas, or write a JSON array"


_HINTS: Mapping[type, Callable[[Any], str]] = {
    inspect.BoolType: lambda _: "write true or false",
    inspect.IntType: lambda _: "write an integer in its range",
    inspect.FloatType: lambda _: "write a number in its range",
    inspect.DecimalType: lambda _: "write a number in its range",
    inspect.TimeDeltaType: lambda _: "write 30s, 5m, 1h30m, 500ms or PT30S",
    inspect.DateTimeType: lambda _: "write 2026-01-31T12:00:00Z",
    inspect.DateType: lambda _: "write 2026-01-31",
    inspect.TimeType: lambda _: "write 12:00:00",
    inspect.EnumType: lambda kind: f"write {_values(kind)[0]}",
    inspect.LiteralType: lambda kind: f"write {_values(kind)[0]}",
    inspect.DictType: lambda _: "write a JSON object",
    **dict.fromkeys(COLLECTIONS, _for_items),
}


def misspelt(given: Mapping[str, Any], known: Sequence[str], prefix: str) -> dict[str, str]:
    """Return the names with the prefix that are nearly the name of a setting: ``{given: known}``."""
    names = {one.removeprefix(prefix): one for one in known if one.startswith(prefix)}
    found: dict[str, str] = {}
    for name in given:
        if not prefix or not name.startswith(prefix):
            continue
        near = get_close_matches(name.removeprefix(prefix), names, n=1, cutoff=_NEAR)
        if near and names[near[0]] != name:
            found[name] = names[near[0]]
    return found
