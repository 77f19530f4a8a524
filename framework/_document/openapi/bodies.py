"""Request bodies in the OpenAPI document."""

from collections.abc import Callable, Mapping
from typing import Any, get_origin

from msgspec import NODEFAULT, inspect
from msgspec.structs import replace

from framework._document.openapi.parameters import is_required, not_empty, without_null
from framework._document.schemas.scalars import compact
from framework._document.schemas.schemas import default_of
from framework._http.media_types import essence
from framework._inspect.types import FormType, without_metadata
from framework._plan import BodyKind, BodyPlan, Carrier, FieldPlan, ParameterPlan, RoutePlan, Source
from framework.merge_patch import MERGE_PATCH, Patch

__all__ = ("request_body",)


def request_body(plan: RoutePlan) -> dict[str, Any] | None:
    """Return the Request Body Object of a route, ``None`` if it reads no body."""
    body = plan.body
    if body is None:
        return None
    describe = _CONTENT[body.kind]
    media_types = [essence(one) for one in body.media_types]
    # A parametrised generic is not a class: Page[Order].
    if isinstance(body.type, inspect.StructType) and issubclass(get_origin(body.type.cls) or body.type.cls, Patch):
        media_types.append(MERGE_PATCH)
    content = {one: describe(plan, body, one) for one in media_types}
    return compact(description=body.description, content=content, required=body.required)


def _typed(_: RoutePlan, body: BodyPlan, __: str) -> dict[str, Any]:
    # None only means that the body may be absent, and members have defaults of their own.
    default = {} if body.default is None or body.members else default_of(body)
    return {"schema": inspect.Metadata(body.type, extra_json_schema=default) if default else body.type}


def _text(_: RoutePlan, body: BodyPlan, __: str) -> dict[str, Any]:
    described = _typed(_, body, __)
    return {"schema": _not_empty(described["schema"])} if body.required else described


def _not_empty(kind: inspect.Type) -> inspect.Type:
    """Describe a string that is not empty: a request with no bytes has no body."""
    if isinstance(kind, inspect.Metadata):
        return replace(kind, type=_not_empty(kind.type))
    return replace(kind, min_length=kind.min_length or 1) if isinstance(kind, inspect.StrType) else kind


def _binary(plan: RoutePlan, body: BodyPlan, media_type: str) -> dict[str, Any]:
    kind = without_metadata(without_null(body.type))
    # A request with no bytes has no body; a stream may be empty.
    shortest = 1 if body.required and body.kind is BodyKind.BYTES else None
    # OpenAPI 3.1.1, section 4.8.14: the length of binary data is in bytes.
    return {
        "schema": compact(
            type="string",
            contentMediaType="application/octet-stream" if "*" in media_type else media_type,
            minLength=getattr(kind, "min_length", None) or shortest,
            maxLength=getattr(kind, "max_length", None) or plan.limits.body,
        )
    }


def _any_parts(_: RoutePlan, __: BodyPlan, ___: str) -> dict[str, Any]:
    return {"schema": {"type": "object"}}


def _form(plan: RoutePlan, _: BodyPlan, media_type: str) -> dict[str, Any]:
    forms = [one for one in plan.parameters if one.source is Source.FORM]
    fields = [(parameter, one) for parameter in forms for one in parameter.fields]
    parts = {one.name for _, one in fields if one.carrier is Carrier.PART}
    formats = ", ".join(one.media_type for one in plan.formats)
    encoding = {name: {"contentType": formats} for name in sorted(parts)}
    kind = FormType(
        fields=tuple(_field(parameter, one, plan) for parameter, one in fields),
        closed=any(one.forbid_unknown for one in forms),
    )
    return compact(schema=kind, encoding=encoding if encoding and media_type.startswith("multipart/") else None)


def _field(parameter: ParameterPlan, field: FieldPlan, plan: RoutePlan) -> inspect.Field:
    kind = field.type if field.carrier is Carrier.PART else without_null(field.type)
    if field.carrier is Carrier.FILE:
        kind = _of_files(kind, plan.limits.file)
    said: dict[str, Any] = {}
    if not parameter.model:
        said = compact(description=parameter.description, deprecated=parameter.deprecated or None)
    required = is_required(parameter, field)
    if required and field.repeated:
        kind = not_empty(kind)
    # None only means that the field may be absent.
    default = NODEFAULT if field.default is None else field.default
    return inspect.Field(
        name=field.name,
        encode_name=field.name,
        type=inspect.Metadata(kind, extra_json_schema=said) if said else kind,
        required=required,
        default=NODEFAULT if required else default,
        default_factory=NODEFAULT if required else field.default_factory,
    )


def _of_files(kind: inspect.Type, limit: int | None) -> inspect.Type:
    """Describe a file, or a list of files, as in OpenAPI 3.1, section 4.8.14.3."""
    kind = without_metadata(kind)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return replace(kind, item_type=_of_files(kind.item_type, limit))
    described = compact(type="string", contentMediaType="application/octet-stream", maxLength=limit)
    return inspect.Metadata(inspect.AnyType(), extra_json_schema=described)


_CONTENT: Mapping[BodyKind, Callable[[RoutePlan, BodyPlan, str], dict[str, Any]]] = {
    BodyKind.TYPED: _typed,
    BodyKind.TEXT: _text,
    BodyKind.BYTES: _binary,
    BodyKind.STREAM: _binary,
    BodyKind.PARTS: _any_parts,
    BodyKind.FORM: _form,
}
