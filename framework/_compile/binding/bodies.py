"""Decides, at start-up, how the body of a request is read and which arguments receive it."""

import copy
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct, inspect

from framework._inspect.types import kind_of, without_metadata, without_none
from framework._plan import BodyKind, BodyMember, BodyPlan, Carrier, ParameterPlan, Source
from framework._serve.requests.forms import URLENCODED
from framework._serve.requests.multipart import MULTIPART, MultipartStream
from framework._serve.requests.streams import BodyStream
from framework.errors import InvalidMarkerError
from framework.formats import Format
from framework.params import Body

__all__ = ("STREAMS", "BodyClaim", "body_kind", "media_types_of", "plan_body", "plan_form")

STREAMS = (BodyStream, MultipartStream)
_STREAM_KINDS = {BodyStream: BodyKind.STREAM, MultipartStream: BodyKind.PARTS}
# RFC 9110, section 8.3.1: a media type, a range of types, or all types.
_MEDIA_TYPE = r"(?:\*/\*|[!#$%&'*+.^_`|~0-9a-z-]+/(?:\*|[!#$%&'+.^_`|~0-9a-z-]+))\Z"


class BodyClaim(Struct, kw_only=True):
    """One parameter that reads the body, or a part of it."""

    name: str
    kind: BodyKind
    annotation: Any
    type: inspect.Type
    default: Any
    marker: Body
    examples: Mapping[str, Any]
    media_types: tuple[str, ...]
    variable: str
    is_own: bool
    """Whether it is a parameter of the handler itself, and not only of a provider."""


def body_kind(annotation: Any, marker: Body, formats: Sequence[Format]) -> BodyKind:
    """Return how a parameter reads the body."""
    plain = without_none(annotation)
    if plain in STREAMS:
        return _STREAM_KINDS[plain]
    kind = without_metadata(kind_of(plain))
    if isinstance(kind, inspect.BytesType):
        return BodyKind.BYTES
    if isinstance(kind, inspect.StrType) and marker.media_type is not None:
        read = any(one.reads(name) for name in _given(marker) for one in formats)
        return BodyKind.TYPED if read else BodyKind.TEXT
    return BodyKind.TYPED


def _given(marker: Body) -> tuple[str, ...]:
    given = marker.media_type
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def media_types_of(
    kind: BodyKind, marker: Body, formats: Sequence[Format], *, where: str, parameter: str
) -> tuple[str, ...]:
    """Return the media types that a parameter reads; raises InvalidMarkerError."""
    given = _given(marker)
    for one in given:
        if not re.match(_MEDIA_TYPE, str(one)):
            raise InvalidMarkerError(
                where, parameter, f"media_type={one!r} is not a media type", 'write it as media_type="image/png"'
            )
        if kind is BodyKind.TYPED and not any(format_.reads(one) for format_ in formats):
            raise InvalidMarkerError(
                where,
                parameter,
                f"no format reads {one}",
                "take bytes, or give the app a format that reads it: App(formats=...)",
            )
        if kind is BodyKind.PARTS:
            raise InvalidMarkerError(where, parameter, f"a MultipartStream is always {MULTIPART}", "drop media_type=")
    if given:
        return given
    if kind is BodyKind.TYPED:
        return tuple(one.media_type for one in formats)
    return (MULTIPART,) if kind is BodyKind.PARTS else ("*/*",)


def plan_body(claims: Sequence[BodyClaim], where: str) -> BodyPlan:
    """Return the plan of a body that is one parameter, or whose keys are several parameters."""
    first = claims[0]
    if len(claims) > 1 or first.marker.embed:
        return _plan_members(claims, where)
    return BodyPlan(
        annotation=first.annotation,
        type=first.type,
        kind=first.kind,
        required=first.default is NODEFAULT and first.kind is not BodyKind.STREAM,
        default=first.default,
        media_types=first.media_types,
        description=first.marker.description,
        examples=first.examples,
    )


def _plan_members(claims: Sequence[BodyClaim], where: str) -> BodyPlan:
    members = tuple(BodyMember(name=one.name, variable=one.variable) for one in claims)
    annotation = msgspec.defstruct(_class_name(where), [_member(one) for one in claims], kw_only=True)
    required = any(one.default is NODEFAULT for one in claims)
    return BodyPlan(
        annotation=annotation,
        type=kind_of(annotation),
        required=required,
        default=NODEFAULT if required else annotation(),
        media_types=claims[0].media_types,
        members=members,
        description=next((one.marker.description for one in claims if one.marker.description), None),
    )


def _member(claim: BodyClaim) -> Any:
    if claim.default is NODEFAULT:
        return (claim.name, claim.annotation)
    try:
        hash(claim.default)
    except TypeError:
        # Mutable defaults are not shared by requests.
        factory = functools.partial(copy.deepcopy, claim.default)
        return (claim.name, claim.annotation, msgspec.field(default_factory=factory))
    return (claim.name, claim.annotation, claim.default)


def _class_name(where: str) -> str:
    """Return the object's name in the document: ``Orders.create (shop.py:3)`` -> ``OrdersCreateBody``."""
    words = re.findall(r"[A-Za-z0-9]+", where.partition(" ")[0])
    return "".join(one[:1].upper() + one[1:] for one in words) + "Body"


def plan_form(parameters: Sequence[ParameterPlan]) -> BodyPlan:
    """Return the plan of a form, whose fields are parameters."""
    forms = [one for one in parameters if one.source is Source.FORM]
    carriers = {field.carrier for one in forms for field in one.fields}
    return BodyPlan(
        annotation=dict[str, str],
        type=inspect.AnyType(),
        kind=BodyKind.FORM,
        required=any(one.default is NODEFAULT and field.required for one in forms for field in one.fields),
        media_types=(URLENCODED, MULTIPART) if carriers <= {Carrier.TEXT} else (MULTIPART,),
        has_files=Carrier.FILE in carriers,
    )
