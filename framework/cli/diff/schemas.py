"""Compares schemas: which values are no longer accepted, and which are new."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from framework.cli.diff.changes import Change, Direction, Document, Shift, resolve, severity_of

__all__ = ("SchemaComparison",)

_Schema: TypeAlias = Mapping[str, Any]
_Shifts: TypeAlias = Iterator[tuple[Shift, str, str]]
"""The shift, the place below the schema, and the description."""

_ANYTHING = "anything"
_COMPONENTS = "#/components/schemas/"
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EITHER = ("pattern", "format", "contentEncoding", "uniqueItems")
# The exclusive and the inclusive name of each bound.
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


class SchemaComparison:
    """Compares the schemas of two documents; each component once, however many operations use it."""

    def __init__(self, old: Document, new: Document) -> None:
        self._old = old
        self._new = new
        self._seen = set[tuple[Direction, str, str]]()
        self._waiting: list[tuple[Direction, str, str]] = []
        self._depth = 0

    def compare(self, direction: Direction, where: str, old: Any, new: Any) -> Iterator[Change]:
        """Yield the changes from one schema to the other; ``compare_components`` compares components."""
        for shift, place, what in self._any(direction, old, new, ""):
            yield Change(severity_of(direction, shift), f"{where}{place and f' {place}'}", what)

    def compare_components(self) -> Iterator[Change]:
        """Yield the changes in all components that were found."""
        while self._waiting:
            direction, old, new = self._waiting.pop(0)
            where = f"schema {new.removeprefix(_COMPONENTS)} in {direction}"
            schemas = resolve(self._old, {"$ref": old}), resolve(self._new, {"$ref": new})
            yield from self.compare(direction, where, *schemas)

    # Alternatives

    def _any(self, direction: Direction, old: Any, new: Any, place: str) -> _Shifts:
        """Compare two schemas as sets of alternatives, paired by their kind."""
        if old == new and not _has_reference(old):
            return
        before, after = _by_kind(_alternatives(old)), _by_kind(_alternatives(new))
        for kind in [one for one in before if one in after]:
            for one, other in zip(before.pop(kind), after.pop(kind), strict=False):
                yield from self._same_kind(direction, one, other, place)
        if before and after and any(kind.startswith("#") for kind in (*before, *after)):
            yield from self._resolved(direction, before, after, place)
        else:
            yield from _left_over(before, after, place)

    def _resolved(self, direction: Direction, before: Any, after: Any, place: str) -> _Shifts:
        """Compare alternatives by their targets, if the component names differ or only one side has components."""
        olds = [one for group in before.values() for one in group]
        news = [one for group in after.values() for one in group]
        if len(olds) == len(news) == 1 and "$ref" in olds[0] and "$ref" in news[0]:
            yield from self._same_kind(direction, olds[0], news[0], place)
        elif self._depth < 8:  # noqa: PLR2004  a component within itself, against one that is written out
            self._depth += 1
            old = {"anyOf": [resolve(self._old, one) for one in olds]}
            yield from self._any(direction, old, {"anyOf": [resolve(self._new, one) for one in news]}, place)
            self._depth -= 1

    def _same_kind(self, direction: Direction, old: _Schema, new: _Schema, place: str) -> _Shifts:
        if "$ref" in old and "$ref" in new:
            pair = (direction, old["$ref"], new["$ref"])
            if pair not in self._seen:
                self._seen.add(pair)
                self._waiting.append(pair)
            return
        yield from _values(old, new, place)
        yield from _limits(old, new, place)
        if old.get("default") != new.get("default"):
            yield Shift.DEFAULT, place, f"the default was {old.get('default')!r} and is {new.get('default')!r}"
        yield from self._properties(direction, old, new, place)
        yield from self._items(direction, old, new, place)

    # Objects and arrays

    def _properties(self, direction: Direction, old: _Schema, new: _Schema, place: str) -> _Shifts:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for name in [one for one in before if one not in after]:
            closed = new.get("additionalProperties") is False
            yield Shift.CHANGED if closed else Shift.UNREAD, place, f"the field {name!r} was removed"
        for name in [one for one in after if one not in before]:
            if name in needs:
                yield Shift.NARROWED, place, f"the required field {name!r} was added"
            else:
                yield (
                    Shift.WIDENED if direction is Direction.REQUEST else Shift.NARROWED,
                    place,
                    (f"the field {name!r} was added"),
                )
        for name in [one for one in before if one in after]:
            if name in needs - needed:
                yield Shift.NARROWED, place, f"the field {name!r} became required"
            elif name in needed - needs:
                yield Shift.WIDENED, place, f"the field {name!r} became optional"
            yield from self._any(direction, before[name], after[name], f"{place}/{name}")
        yield from self._rest(direction, old, new, "additionalProperties", place)

    def _items(self, direction: Direction, old: _Schema, new: _Schema, place: str) -> _Shifts:
        before, after = old.get("prefixItems", []), new.get("prefixItems", [])
        for number, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from self._any(direction, one, other, f"{place}/{number}")
        if len(before) != len(after):
            yield Shift.CHANGED, place, f"there were {len(before)} places and are {len(after)}"
        yield from self._rest(direction, old, new, "items", place)

    def _rest(self, direction: Direction, old: _Schema, new: _Schema, key: str, place: str) -> _Shifts:
        """Compare the schemas of all other members of an object or array."""
        before, after = _rest_of(old, key), _rest_of(new, key)
        if before is False or after is False:
            if before is not after:
                yield (Shift.WIDENED, place, "more is possible") if before is False else (
                    Shift.NARROWED, place, "nothing that is not named is possible",
                )  # fmt: skip
        else:
            yield from self._any(direction, _plain(before), _plain(after), f"{place}/*")


def _rest_of(schema: _Schema, key: str) -> Any:
    """Return the schema of unnamed members; nothing matches if an array allows no further items."""
    places = schema.get("prefixItems")
    if key == "items" and places and schema.get("maxItems") == len(places):
        return False
    return schema.get(key, True)


def _plain(schema: Any) -> Any:
    return {} if schema is True else schema


def _has_reference(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return "$ref" in schema or any(_has_reference(one) for one in schema.values())
    return isinstance(schema, list) and any(_has_reference(one) for one in schema)


def _alternatives(schema: Any) -> Iterator[_Schema]:
    """Yield the alternatives of a schema: ``anyOf``, ``oneOf``, and several types."""
    if not isinstance(schema, Mapping):
        schema = {}
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        for one in options:
            yield from _alternatives(one)
    elif isinstance(schema.get("type"), list):
        for one in schema["type"]:
            yield {**schema, "type": one, **_enum_of(schema, one)}
    else:
        yield schema


def _enum_of(schema: _Schema, kind: str) -> _Schema:
    """Return the listed values of one of several types: null is a type and a value."""
    listed = schema.get("enum")
    return {} if listed is None else {"enum": [one for one in listed if (one is None) is (kind == "null")]}


def _kind(schema: _Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"])
    kind = schema.get("type")
    if kind is None and ("const" in schema or "enum" in schema):
        return "a fixed value"
    return _ANYTHING if kind is None else str(kind)


def _by_kind(alternatives: Iterator[_Schema]) -> dict[str, list[_Schema]]:
    groups: dict[str, list[_Schema]] = {}
    for one in alternatives:
        groups.setdefault(_kind(one), []).append(one)
    return groups


def _left_over(before: Mapping[str, Any], after: Mapping[str, Any], place: str) -> _Shifts:
    """Yield shifts for kinds that only one side has."""
    removed, added = [_named(one) for one in before], [_named(one) for one in after]
    if removed and added:
        yield _replaced(removed, added), place, f"{_or(removed)} became {_or(added)}"
    elif removed:
        yield Shift.NARROWED, place, f"{_or(removed)} is possible no more"
    elif added:
        yield Shift.WIDENED, place, f"{_or(added)} is possible now"


def _replaced(removed: list[str], added: list[str]) -> Shift:
    wider, narrower = _ANYTHING in added, _ANYTHING in removed
    if (removed, added) == (["integer"], ["number"]) or (wider and not narrower):
        return Shift.WIDENED
    return Shift.NARROWED if narrower or (removed, added) == (["number"], ["integer"]) else Shift.CHANGED


def _named(kind: str) -> str:
    return kind.removeprefix(_COMPONENTS)


def _or(names: list[str]) -> str:
    return " or ".join(names)


# Values and limits


def _allowed(schema: _Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _values(old: _Schema, new: _Schema, place: str) -> _Shifts:
    before, after = _allowed(old), _allowed(new)
    if before is None and after is not None:
        yield Shift.NARROWED, place, f"only {_listed(after)} from now on"
    elif before is not None and after is None:
        yield Shift.WIDENED, place, f"not only {_listed(before)} from now on"
    elif before is not None and after is not None:
        if removed := [one for one in before if one not in after]:
            yield Shift.NARROWED, place, f"{_listed(removed)} is possible no more"
        if added := [one for one in after if one not in before]:
            yield Shift.WIDENED, place, f"{_listed(added)} is possible now"


def _listed(values: list[Any]) -> str:
    return ", ".join(repr(one) for one in values)


def _limits(old: _Schema, new: _Schema, place: str) -> _Shifts:
    swapped = {name for bounds in _BOUNDS for name in _swapped(old, new, bounds)}
    for lowest, bounds in zip((True, False), _BOUNDS, strict=True):
        if swapped.issuperset(bounds):
            yield from _bound(old, new, bounds, place, lowest=lowest)
    for names, is_narrower in _RULES:
        for name in names:
            before, after = old.get(name), new.get(name)
            if before != after and name not in swapped:
                yield _shift(before, after, is_narrower), place, _moved(name, before, after)


def _swapped(old: _Schema, new: _Schema, bounds: tuple[str, str]) -> tuple[str, ...]:
    """Return both names of a bound that changed between exclusive and inclusive."""
    before, after = [name in old for name in bounds], [name in new for name in bounds]
    return bounds if sum(before) == sum(after) == 1 and before != after else ()


def _bound(old: _Schema, new: _Schema, bounds: tuple[str, str], place: str, *, lowest: bool) -> _Shifts:
    (name, before), (other, after) = (next((one, each[one]) for one in bounds if one in each) for each in (old, new))
    strict, then = (_strictness(one, bounds, lowest=lowest) for one in (old, new))
    if strict != then:
        shift = Shift.NARROWED if then > strict else Shift.WIDENED
        yield shift, place, f"{name} {before!r} became {other} {after!r}"


def _strictness(schema: _Schema, bounds: tuple[str, str], *, lowest: bool) -> tuple[Any, bool]:
    out = bounds[0] in schema
    value = schema[bounds[not out]] * (1 if lowest else -1)
    # For integers, an exclusive minimum of 0 is a minimum of 1.
    return (value + out, False) if schema.get("type") == "integer" else (value, out)


def _divides(before: Any, after: Any) -> bool | None:
    """Return whether a new ``multipleOf`` allows fewer values; None if neither is a multiple of the other."""
    return True if not after % before else None if before % after else False


def _shift(before: Any, after: Any, is_narrower: Callable[[Any, Any], bool | None]) -> Shift:
    if before is None:
        return Shift.NARROWED
    if after is None:
        return Shift.WIDENED
    narrower = is_narrower(before, after)
    return Shift.CHANGED if narrower is None else Shift.NARROWED if narrower else Shift.WIDENED


def _moved(name: str, before: Any, after: Any) -> str:
    if before is None:
        return f"{name} is {after!r} from now on"
    return f"{name} was {before!r}" + (" and is gone" if after is None else f" and is {after!r}")


_RULES: tuple[tuple[tuple[str, ...], Callable[[Any, Any], bool | None]], ...] = (
    (_LOWER, lambda before, after: bool(after > before)),
    (_UPPER, lambda before, after: bool(after < before)),
    (("multipleOf",), _divides),
    (_EITHER, lambda _before, _after: None),
)
