"""What is read from a request: parameters and bodies."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any

from msgspec import NODEFAULT, Struct, field, inspect

from framework.params import QueryStyle

__all__ = ("SEPARATORS", "BodyKind", "BodyMember", "BodyPlan", "Carrier", "FieldPlan", "ParameterPlan", "Source")

SEPARATORS: Mapping[QueryStyle, str] = {"csv": ",", "pipe": "|"}
"""The separator that splits one string into a collection, for each style that has one."""


class Source(StrEnum):
    """Where in the request a parameter is read; also the ``location`` of its validation errors."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    COOKIE = "cookie"
    FORM = "form"


class Carrier(Enum):
    """How a field of a form is sent."""

    TEXT = "text"
    """A scalar, or a collection of scalars."""
    FILE = "file"
    PART = "part"
    """A separate part, decoded by its own Content-Type."""


def _no_default() -> Any:
    # As a plain default, NODEFAULT would make the field of a Struct required.
    return NODEFAULT


class FieldPlan(Struct, frozen=True, kw_only=True):
    """One name on the wire: a scalar or collection parameter has one, a model parameter has one for each field."""

    name: str
    """As on the wire; header names in lower case."""
    type: inspect.Type
    required: bool
    default: Any = field(default_factory=_no_default)
    default_factory: Any = field(default_factory=_no_default)
    repeated: bool = False
    """Whether the value is a collection: repeated keys, or split by ``style``."""
    attribute: str = ""
    """The model's own key for the field (its encoded name); for a parameter, the name on the wire."""
    carrier: Carrier = Carrier.TEXT
    """How the field is sent in a form."""


class ParameterPlan(Struct, frozen=True, kw_only=True):
    """One value from path, query, header, cookie or form; all arguments that need it share it."""

    source: Source
    variable: str
    """Its field in the Struct that is made for the route."""
    annotation: Any
    """The declared type without markers, with its constraints (``msgspec.Meta``)."""
    fields: tuple[FieldPlan, ...]
    model: bool = False
    """Whether the fields of a Struct (dataclass, TypedDict, …) are separate names in the source."""
    forbid_unknown: bool = False
    style: QueryStyle = "form"
    default: Any = field(default_factory=_no_default)
    """The value of the argument if it is missing in the request."""
    description: str | None = None
    deprecated: bool = False
    examples: Mapping[str, Any] = field(default_factory=dict)
    """By name; the single ``example=`` of a marker has an empty name."""

    @property
    def field(self) -> FieldPlan:
        """The single field of a parameter that is not a model."""
        return self.fields[0]


class BodyKind(Enum):
    """How a body is read."""

    TYPED = "typed"
    """Decoded by the format of its Content-Type."""
    BYTES = "bytes"
    TEXT = "text"
    STREAM = "stream"
    """Passed to the handler while it arrives."""
    FORM = "form"
    """Parsed into the parameters whose source is the form."""
    PARTS = "parts"
    """Passed to the handler part by part while the parts arrive."""


class BodyMember(Struct, frozen=True, kw_only=True):
    """One argument that is a key of the JSON object in the body."""

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
    """The media types that are read, for the Accept headers of 415 responses; ``*/*`` is anything."""
    members: tuple[BodyMember, ...] = ()
    """The arguments that share the object in the body, if the body is not a single argument."""
    has_files: bool = False
    description: str | None = None
    examples: Mapping[str, Any] = field(default_factory=dict)
