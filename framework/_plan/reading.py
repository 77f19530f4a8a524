"""What is read of a request: parameters and bodies."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any

from msgspec import NODEFAULT, Struct, field, inspect

from framework.params import QueryStyle

__all__ = ("BodyKind", "BodyMember", "BodyPlan", "Carrier", "FieldPlan", "ParameterPlan", "Source")


class Source(StrEnum):
    """Where in the request a parameter is read; also the ``location`` of its faults."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    COOKIE = "cookie"
    FORM = "form"


class Carrier(Enum):
    """What carries a field of a form."""

    TEXT = "text"
    """A scalar, or a collection of scalars."""
    FILE = "file"
    PART = "part"
    """A part of its own, decoded by its own Content-Type."""


def _no_default() -> Any:
    # As a plain default, NODEFAULT would make the field of a Struct a required one.
    return NODEFAULT


class FieldPlan(Struct, frozen=True, kw_only=True):
    """One name on the wire: a scalar or collection parameter is one, a model parameter has one for each field."""

    name: str
    """As on the wire; header names in lower case."""
    type: inspect.Type
    required: bool
    default: Any = field(default_factory=_no_default)
    default_factory: Any = field(default_factory=_no_default)
    repeated: bool = False
    """Whether the value is a collection: repeated keys, or split by ``style``."""
    attribute: str = ""
    """The model's own key for the field (its encoded name); the name on the wire for a parameter."""
    carrier: Carrier = Carrier.TEXT
    """What carries it in a form."""


class ParameterPlan(Struct, frozen=True, kw_only=True):
    """One value that is read from path, query, header, cookie or form, shared by all arguments that ask for it."""

    source: Source
    variable: str
    """Its field in the Struct made for the route."""
    annotation: Any
    """The declared type, markers taken out, constraints (``msgspec.Meta``) left in."""
    fields: tuple[FieldPlan, ...]
    model: bool = False
    """Whether the fields of a Struct (dataclass, TypedDict, …) are spread over the source."""
    forbid_unknown: bool = False
    style: QueryStyle = "form"
    default: Any = field(default_factory=_no_default)
    """What the argument is when nothing of it is in the request."""
    description: str | None = None
    deprecated: bool = False
    examples: Mapping[str, Any] = field(default_factory=dict)
    """By their names; the only one of a marker's ``example=`` has none."""

    @property
    def field(self) -> FieldPlan:
        """The only field of a parameter that is not a model."""
        return self.fields[0]


class BodyKind(Enum):
    """How a body is read."""

    TYPED = "typed"
    """Decoded by the format of its Content-Type."""
    BYTES = "bytes"
    TEXT = "text"
    STREAM = "stream"
    """Given to the handler while it arrives."""
    FORM = "form"
    """Into the parameters whose source is the form."""
    PARTS = "parts"
    """Part by part, given to the handler while they arrive."""


class BodyMember(Struct, frozen=True, kw_only=True):
    """One argument that is a key of the object in the body."""

    name: str
    variable: str


class BodyPlan(Struct, frozen=True, kw_only=True):
    """The body of a request."""

    annotation: Any
    type: inspect.Type
    required: bool
    kind: BodyKind = BodyKind.TYPED
    default: Any = field(default_factory=_no_default)
    media_types: tuple[str, ...] = ("application/json",)
    """What is read, as clients are told; ``*/*`` is anything."""
    members: tuple[BodyMember, ...] = ()
    """The arguments that share an object, where the body is not one argument alone."""
    has_files: bool = False
    description: str | None = None
    examples: Mapping[str, Any] = field(default_factory=dict)
