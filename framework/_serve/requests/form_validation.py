"""Validation errors of a form: strings and files as msgspec reports them, parts by their own formats."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from framework._http.media_types import essence
from framework._http.pointers import step as pointer_step
from framework._inspect.types import fields_of, kind_of, without_metadata
from framework._plan import Carrier, FieldPlan, ParameterPlan
from framework._serve.requests.accepting import reader_for
from framework._serve.requests.form_errors import EncodedPart, unread_part
from framework._serve.requests.untyped import MAXIMUM, parse_tree, problem_of
from framework._serve.validation.kinds import form_of
from framework._serve.validation.walker import find_errors
from framework.formats import Format
from framework.http_errors import FieldError, HTTPError

__all__ = ("FormValidation", "PartDecoder", "decoder", "explain_part", "format_of_part", "part_decoders")

_Found = tuple[list[FieldError], bool]


class PartDecoder(msgspec.Struct, frozen=True):
    """Decodes one field of a form that is a separate part, from the raw values."""

    variable: str
    attribute: str | None
    """The key in the model; ``None`` if the parameter is not a model."""
    annotation: Any
    formats: Sequence[Format]

    def decode(self, raw: dict[str, Any]) -> None:
        """Replace the part by its value; raises the exceptions in INVALID.

        A field of a model is replaced by its untyped tree once it is known to be valid: the model is converted as a
        whole, and convert() does not accept members of an Enum.
        """
        held, key = (raw, self.variable) if self.attribute is None else (raw.get(self.variable, {}), self.attribute)
        if key not in held:
            return
        value = held[key]
        found = format_of_part(value.content_type, self.formats) if isinstance(value, EncodedPart) else None
        if found is None:
            raise msgspec.ValidationError
        decoded = decoder(found, self.annotation)(value.data)
        held[key] = decoded if self.attribute is None else found.parse(value.data)


def part_decoders(parameters: Sequence[ParameterPlan], formats: Sequence[Format]) -> tuple[PartDecoder, ...]:
    """Return the decoders of all fields that are separate parts."""
    return tuple(
        PartDecoder(
            plan.variable,
            one.attribute if plan.model else None,
            form_of(one.type).hint if plan.model else plan.annotation,
            formats,
        )
        for plan in parameters
        for one in plan.fields
        if one.carrier is Carrier.PART
    )


class FormValidation:
    """Finds the errors of one parameter of the form; made once for each route."""

    def __init__(self, plan: ParameterPlan, formats: Sequence[Format]) -> None:
        self._plan = plan
        self._formats = formats
        self._kind = kind_of(plan.annotation)
        self._parts = [one for one in plan.fields if one.carrier is Carrier.PART]
        # The model with any value in place of parts, to check the rest of it.
        self._loose = _loosened(self._kind, self._parts) if plan.model and self._parts else self._kind

    def find(self, raw: Mapping[str, Any], room: int) -> _Found | HTTPError:
        """Return the errors and whether there are more, or the problem of a part that cannot be parsed."""
        plan = self._plan
        if plan.variable not in raw:
            missing = not plan.model and plan.field.required
            return [
                FieldError("form", pointer_step(plan.field.name), "missing", "Field required")
            ] if missing else [], False
        value = raw[plan.variable]
        errors: list[FieldError] = []
        waiting = False
        for one in self._parts:
            sent = value.get(one.attribute) if plan.model else value
            # Any other field is missing, or is already decoded.
            if isinstance(sent, EncodedPart | list):
                waiting = True
                found = _part_errors(one, sent, self._formats, room)
                if isinstance(found, HTTPError):
                    return found
                errors += found[0]
        if self._parts and not plan.model:
            return errors, False
        pointer = "" if plan.model else pointer_step(plan.field.name)
        kind = self._loose if waiting else self._kind
        rest, more = find_errors(kind, value, location="form", pointer=pointer, strict=False, limit=max(room, 1))
        return errors + [_for_clients(one) for one in rest], more


def _for_clients(error: FieldError) -> FieldError:
    return msgspec.structs.replace(error, detail=error.detail.replace("`UploadFile`", "`file`"))


def _part_errors(field: FieldPlan, sent: Any, formats: Sequence[Format], room: int) -> _Found | HTTPError:
    pointer = pointer_step(field.name)
    if isinstance(sent, list):
        return [FieldError("form", pointer, "type", f"Given {len(sent)} times, expected once")], False
    found = format_of_part(sent.content_type, formats)
    if found is None:
        return [unread_part(pointer, formats)], False
    tree = parse_tree(sent.data, found, "form", pointer)
    if isinstance(tree, HTTPError):
        return tree
    return find_errors(field.type, tree, location="form", pointer=pointer, limit=max(room, 1))


def _loosened(kind: inspect.Type, parts: Sequence[FieldPlan]) -> inspect.Type:
    kind = without_metadata(kind)
    members = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    model: Any = next(without_metadata(one) for one in members if fields_of(one) is not None)
    loose = {one.attribute for one in parts}
    fields: list[Any] = []
    for one in model.fields:
        hint = Any if one.encode_name in loose else form_of(one.type).hint
        fields.append((one.name, hint) if one.required else (one.name, hint, None))
    return kind_of(
        msgspec.defstruct(
            "Loose",
            fields,
            rename={one.name: one.encode_name for one in model.fields},
            forbid_unknown_fields=getattr(model, "forbid_unknown_fields", False),
            kw_only=True,
        )
    )


def format_of_part(content_type: str | None, formats: Sequence[Format]) -> Format | None:
    """Return the format that reads a part, ``None`` without Content-Type, which means text (RFC 7578, section 4.4)."""
    if content_type is None:
        return None
    name = essence(content_type)
    return next((one for one in formats if one.reads(name)), None)


@functools.lru_cache(maxsize=1024)
def decoder(format_: Format, annotation: Any) -> Callable[[bytes], Any]:
    """Return the cached decoder of a type."""
    return reader_for(format_, annotation).decode


def explain_part(
    format_: Format | None, formats: Sequence[Format], annotation: Any, data: bytes, pointer: str
) -> HTTPError:
    """Return the problem of one part that a handler decodes itself."""
    if format_ is None:
        return problem_of([unread_part(pointer, formats)], more=False)
    tree = parse_tree(data, format_, "form", pointer)
    if isinstance(tree, HTTPError):
        return tree
    errors, more = find_errors(kind_of(annotation), tree, location="form", pointer=pointer, limit=MAXIMUM)
    return problem_of(errors or [FieldError("form", pointer, "value", "Invalid value")], more=more)
