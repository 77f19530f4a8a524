"""The environment variables of a class of settings: one for each field, those of sections after two underscores."""

from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from typing import Any

from msgspec import Struct, inspect
from msgspec.structs import replace

from framework.errors import InvalidOptionError
from framework.settings.texts import plain

__all__ = ("Section", "Variable", "section_of")

_MODELS = (inspect.StructType, inspect.DataclassType)


class Variable(Struct, frozen=True, kw_only=True):
    """One setting, and the environment variable that it is read from."""

    name: str
    """``SHOP_DATABASE__URL``."""
    field: str
    """The field, from the outermost class: ``database.url``."""
    key: str
    """Its key in its section."""
    pointer: str
    """The JSON pointer to it: ``/database/url``."""
    kind: inspect.Type
    default: Any
    """``NODEFAULT`` if there is none, or if a function makes it."""
    required: bool


class Section(Struct, frozen=True, kw_only=True):
    """A class of settings, with its sections."""

    name: str
    """What the names of its variables begin with: ``SHOP_DATABASE__``."""
    key: str = ""
    pointer: str = ""
    required: bool = True
    parts: Sequence["Variable | Section"] = ()
    """In the order of the fields."""

    def all(self) -> Iterator[Variable]:
        """Yield all variables, those of the sections included."""
        for one in self.parts:
            yield from (one,) if isinstance(one, Variable) else one.all()

    def subsections(self) -> Iterator["Section"]:
        """Yield the sections below this one."""
        for one in self.parts:
            if isinstance(one, Section):
                yield one
                yield from one.subsections()


def section_of(cls: Any, prefix: str) -> Section:
    """Return the variables of a class. Raises InvalidOptionError for a class that cannot be read."""
    where = f"read_settings({getattr(cls, '__name__', repr(cls))})"
    if not (isinstance(cls, type) and (issubclass(cls, Struct) or is_dataclass(cls))):
        raise InvalidOptionError(
            where, "the settings are neither a Struct nor a dataclass", hint="write class Settings(Struct, frozen=True)"
        )
    found = _section(inspect.type_info(cls), Section(name=prefix), "", (), where)
    known: dict[str, Variable] = {}
    for one in found.all():
        other = known.setdefault(one.name, one)
        if other is not one:
            what = f"the fields {other.field} and {one.field} are both read from {one.name}"
            raise InvalidOptionError(where, what, hint='give one of them a name of its own: field(name="DATABASE_URL")')
    return found


def _section(kind: Any, place: Section, fields: str, around: tuple[type, ...], where: str) -> Section:
    """Read the fields of a class into a section; ``around`` are the classes that contain it."""
    if kind.cls in around:
        what = f"the section {fields.rstrip('.')} contains its own class, {kind.cls.__name__}"
        raise InvalidOptionError(where, what, hint="write sections that end")
    parts: list[Variable | Section] = []
    for one in kind.fields:
        name = _name(one, place.name)
        inner = plain(one.type)
        if isinstance(inner, _MODELS):
            pointer = f"{place.pointer}/{one.encode_name}"
            below = Section(name=f"{name}__", key=one.encode_name, pointer=pointer, required=one.required)
            parts.append(_section(inner, below, f"{fields}{one.name}.", (*around, kind.cls), where))
        else:
            parts.append(_variable(one, name, place.pointer, fields))
    return replace(place, parts=tuple(parts))


def _name(field: inspect.Field, prefix: str) -> str:
    return f"{prefix}{field.name.upper()}" if field.encode_name == field.name else field.encode_name


def _variable(field: inspect.Field, name: str, pointer: str, fields: str) -> Variable:
    return Variable(
        name=name,
        field=f"{fields}{field.name}",
        key=field.encode_name,
        pointer=f"{pointer}/{field.encode_name}",
        kind=field.type,
        default=field.default,
        required=field.required,
    )
