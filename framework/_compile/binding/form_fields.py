"""Decides, at start-up, how a field of a form is sent: as text, as a file, or as a separate part."""

from typing import Any

from msgspec import inspect
from msgspec.structs import replace

from framework._inspect.signatures import Parameter
from framework._inspect.types import carried_by_query, kind_of, subtypes, unsupported, without_metadata
from framework._plan import Carrier, FieldPlan
from framework._serve.requests.uploads import UploadFile
from framework.errors import InvalidMarkerError
from framework.params import File, Form, ParameterMarker

__all__ = ("form_field", "is_file", "of_form")


def form_field(parameter: Parameter, marker: ParameterMarker, field: FieldPlan, where: str) -> FieldPlan:
    """Plan a parameter that is one field; raises InvalidMarkerError if its marker does not match its type."""
    planned = of_form(field, "its type", parameter, where)
    if isinstance(marker, File) and planned.carrier is not Carrier.FILE:
        raise InvalidMarkerError(
            where, parameter.name, "File() stands at a type that is not a file", "take an UploadFile, or mark it Form()"
        )
    if isinstance(marker, Form) and marker.embed and planned.carrier is not Carrier.PART:
        raise InvalidMarkerError(
            where, parameter.name, "embed=True stands at what is one field anyway", "drop embed=True"
        )
    return planned


def of_form(field: FieldPlan, what: str, parameter: Parameter, where: str) -> FieldPlan:
    """Decide how a field is sent in a form; raises InvalidMarkerError if it cannot be sent."""
    if _is_file(field.type):
        return replace(field, carrier=Carrier.FILE)
    if any(isinstance(one, inspect.CustomType) and one.cls is UploadFile for one in subtypes(field.type)):
        raise InvalidMarkerError(
            where,
            parameter.name,
            f"{what} holds files that no form can carry",
            "take UploadFile, UploadFile | None or list[UploadFile] as a field of the form itself",
        )
    if carried_by_query(field.type):
        return field
    # The whole collection is one part.
    return replace(field, carrier=Carrier.PART, repeated=False)


def is_file(annotation: Any) -> bool:
    """Return whether a type is a file, an optional file, or a list of files."""
    return unsupported(annotation, (UploadFile,)) is None and _is_file(kind_of(annotation))


def _is_file(kind: inspect.Type) -> bool:
    kind = without_metadata(kind)
    if isinstance(kind, inspect.UnionType):
        return all(_is_file(one) or isinstance(one, inspect.NoneType) for one in kind.types)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        kind = without_metadata(kind.item_type)
    return isinstance(kind, inspect.CustomType) and kind.cls is UploadFile
