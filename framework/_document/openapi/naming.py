"""Names of component schemas: short if they are unique, and independent of the order of registration."""

import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any

from msgspec import inspect

from framework._document.openapi.problems import FIELD_ERROR, Problem, ValidationProblem
from framework._document.schemas.schemas import OutputNames, differs_in_output
from framework._inspect.types import subtypes
from framework.http_errors import FieldError

__all__ = ("component_names", "input_and_output_names", "named_types")

_NAMED = (
    inspect.StructType,
    inspect.DataclassType,
    inspect.TypedDictType,
    inspect.NamedTupleType,
    inspect.EnumType,
)
# Generated clients refer to these names, so a type of the application with the same name gets another one.
_RESERVED: dict[Any, str] = {Problem: "Problem", ValidationProblem: "ValidationProblem", FieldError: "FieldError"}
# OpenAPI 3.1, section 4.8.7.
_FORBIDDEN = re.compile(r"[^A-Za-z0-9._-]")


def named_types(kinds: Iterable[inspect.Type]) -> dict[Any, inspect.Type]:
    """Return, by class, all types in some types that become components."""
    # One union of all types, so that each class is visited once.
    found = {one.cls: one for one in subtypes(inspect.UnionType(tuple(kinds))) if isinstance(one, _NAMED)}
    return {cls: FIELD_ERROR if cls is FieldError else kind for cls, kind in found.items()}


def component_names(kinds: Mapping[Any, inspect.Type]) -> dict[Any, str]:
    """Return a name for each class: ``Order``, ``PageOfUser``; with its module only if two would share a name."""
    names = {cls: name for cls, name in _RESERVED.items() if cls in kinds}
    waiting = [cls for cls in kinds if cls not in names]
    for spell in _SPELLINGS:
        taken = {*names.values(), *_RESERVED.values()}
        groups = _grouped(waiting, spell)
        names |= {group[0]: name for name, group in groups.items() if len(group) == 1 and name not in taken}
        waiting = [cls for cls in waiting if cls not in names]
    for name, group in sorted(_grouped(waiting, _full_name).items()):
        _number(name, sorted(group, key=lambda cls: _fingerprint(kinds[cls])), names)
    return names


def input_and_output_names(
    read: Mapping[Any, inspect.Type], output: Mapping[Any, inspect.Type]
) -> tuple[dict[Any, str], OutputNames]:
    """Return the names of the classes that are read, and of those that are sent.

    A class that is both and differs between the two has two names: ``OrderInput`` and ``Order``.
    """
    names = component_names({**read, **output})
    different = {cls for cls in read if cls in output and any(map(differs_in_output, subtypes(read[cls])))}
    inputs = {cls: names[cls] for cls in read}
    for cls in sorted(different, key=names.__getitem__):
        taken = {*names.values(), *inputs.values(), *_RESERVED.values()}
        spellings = (f"{names[cls]}Input{number or ''}" for number in count())
        inputs[cls] = next(one for one in spellings if one not in taken)
    return inputs, OutputNames({cls: names[cls] for cls in output}, read)


def _grouped(classes: Iterable[Any], spell: Callable[[Any], str]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for cls in classes:
        groups.setdefault(_FORBIDDEN.sub("_", spell(cls)), []).append(cls)
    return groups


def _number(name: str, classes: Iterable[Any], names: dict[Any, str]) -> None:
    """Number the classes that one class statement created, for example in a function that ran several times."""
    numbers = count(1)
    for cls in classes:
        taken = set(names.values())
        names[cls] = next(spelled for number in numbers if (spelled := f"{name}_{number}") not in taken)


def _fingerprint(kind: inspect.Type) -> str:
    fields = getattr(kind, "fields", ())
    members = [(one.encode_name, one.required, type(one.type).__name__) for one in fields]
    values = [repr(member.value) for member in kind.cls] if isinstance(kind, inspect.EnumType) else []
    return f"{members}{values}"


def _spell(annotation: Any, outer: Callable[[Any], str], inner: Callable[[Any], str]) -> str:
    """Write a type in letters: ``Page[list[User] | None]`` -> ``PageOfListOfUserOrNone``."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _spell(arguments[0], outer, inner)
    if origin in (typing.Union, types.UnionType):
        return "Or".join(_spell(one, outer, inner) for one in arguments)
    if origin is None:
        return outer(annotation)
    return f"{outer(origin)}Of{'And'.join(_spell(one, inner, inner) for one in arguments)}"


def _plain(annotation: Any) -> str:
    return "None" if annotation is type(None) else str(getattr(annotation, "__name__", annotation))


def _short(annotation: Any) -> str:
    name = _plain(annotation)
    return name[:1].upper() + name[1:]


def _full(annotation: Any) -> str:
    if not isinstance(annotation, type) or annotation.__module__ == "builtins":
        return _short(annotation)
    return f"{annotation.__module__}.{annotation.__qualname__.replace('<locals>.', '')}"


def _full_argument(annotation: Any) -> str:
    name = _full(annotation)
    return f".{name}" if "." in name else name


def _full_name(cls: Any) -> str:
    return _spell(cls, _full, _full_argument)


_SPELLINGS: tuple[Callable[[Any], str], ...] = (
    lambda cls: _spell(cls, _plain, _short),
    lambda cls: _spell(cls, _plain, _full_argument),
    _full_name,
)
"""From the shortest name on; a name that several classes would have is skipped."""
