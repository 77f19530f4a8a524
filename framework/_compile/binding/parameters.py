"""Plans one parameter: its names on the wire and its fields; checks its marker, type and default."""

import typing
from collections.abc import Callable
from typing import Any

from msgspec import NODEFAULT, inspect

from framework._compile.binding.defaults import misfit, named_examples
from framework._compile.binding.form_fields import form_field, of_form
from framework._compile.binding.literals import refuse_bool_literals
from framework._http.tokens import is_token
from framework._inspect.model_fields import is_model_type, model_forbids_unknown
from framework._inspect.names import type_name, value_text
from framework._inspect.signatures import MISSING, Parameter
from framework._inspect.types import (
    carried_by_query,
    fields_of,
    is_collection,
    kind_of,
    subtypes,
    unsupported,
    without_metadata,
)
from framework._plan import SEPARATORS, FieldPlan, ParameterPlan, Source
from framework._serve.requests.uploads import UploadFile
from framework.errors import InvalidDefaultError, InvalidMarkerError, UnsupportedTypeError
from framework.merge_patch import Patch
from framework.params import Form, ParameterMarker, Query, QueryStyle

__all__ = (
    "body_hint",
    "default_of",
    "plan_parameter",
    "read_type",
)

_WIRE_NAMES: dict[Source, Callable[[str], str]] = {
    Source.HEADER: lambda name: name.replace("_", "-").lower(),
}


def body_hint(name: str, kind: inspect.Type) -> str:
    """Return a hint how a type that would be a body can be read from another source."""
    if any(isinstance(one, inspect.CustomType) and not is_model_type(one) for one in subtypes(kind)):
        return "serve POST, PUT, PATCH or DELETE"
    if any(isinstance(one, inspect.StructType) and issubclass(one.cls, Patch) for one in subtypes(kind)):
        # Its class has no name for a hint.
        return "serve PATCH"
    if _model(kind) is not None:
        return (
            f"spread its fields over the query with Annotated[{name}, Query()], or register the type in the container"
        )
    if carried_by_query(kind):
        return f"read it from the query with Annotated[{name}, Query()]"
    if isinstance(without_metadata(kind), inspect.DictType) and _nested_in(kind) is None:
        return f'read it from the query with Annotated[{name}, Query(style="deepObject")]'
    return "serve POST, PUT, PATCH or DELETE"


def default_of(parameter: Parameter, annotation: Any, where: str) -> Any:
    """Return the default of a parameter, or NODEFAULT; raises InvalidDefaultError."""
    if parameter.default is MISSING:
        return NODEFAULT
    reason = misfit(parameter.default, annotation)
    if reason is not None:
        raise InvalidDefaultError(where, f"parameter {parameter.name!r}", value_text(parameter.default), reason)
    return parameter.default


def read_type(annotation: Any, where: str, parameter: str, known: tuple[type, ...] = ()) -> inspect.Type:
    """Return msgspec's description of a parameter's type; raises UnsupportedTypeError."""
    refused = unsupported(annotation, known)
    if refused is not None:
        plain = typing.get_args(annotation)[0] if typing.get_origin(annotation) is typing.Annotated else annotation
        hint = refused.hint or ("correct its Meta" if unsupported(plain, known) is None else "")
        if UploadFile not in known and unsupported(annotation, (UploadFile,)) is None:
            hint = "send it as a form: UploadFile by itself, in a list, or as a field of Annotated[T, Form()]"
        raise UnsupportedTypeError(where, parameter, type_name(annotation), refused.reason, hint=hint)
    return kind_of(annotation)


def plan_parameter(
    parameter: Parameter, annotation: Any, marker: ParameterMarker, *, source: Source, where: str
) -> ParameterPlan:
    kind = read_type(annotation, where, parameter.name, (UploadFile,) if source is Source.FORM else ())
    style = marker.style if isinstance(marker, Query) else "form"
    model = None if isinstance(marker, Form) and marker.embed else _model(kind)
    default = default_of(parameter, annotation, where)
    _check_marker(parameter, marker, source, where, spread=model is not None and style != "deepObject")
    name = marker.name or _WIRE_NAMES.get(source, str)(parameter.name)
    if source is Source.HEADER:
        name = name.lower()
    if style == "deepObject":
        fields = _deep_object_fields(parameter, kind, name, where, required=default is NODEFAULT, default=default)
    elif model is not None:
        fields = _spread(parameter, model, source, where)
    elif source is Source.FORM:
        fields = (form_field(parameter, marker, _field(name, kind, default), where),)
    else:
        _require_scalar(parameter, annotation, kind, source, where)
        fields = (_field(name, kind, default),)
    refuse_bool_literals(fields, where, parameter.name, type_name(annotation))
    if source is Source.COOKIE and any(one.repeated for one in fields):
        what = "a cookie is one text and cannot hold a collection"
        raise InvalidMarkerError(where, parameter.name, what, "take a str and part it")
    if style in SEPARATORS and not any(one.repeated for one in fields):
        raise InvalidMarkerError(where, parameter.name, f"style={style!r} needs a collection", "drop style=")
    return ParameterPlan(
        source=source,
        variable="",
        annotation=annotation,
        fields=fields,
        model=model is not None and style != "deepObject",
        forbid_unknown=_forbids_unknown(model) and style != "deepObject",
        style=style,
        default=default,
        description=marker.description,
        deprecated=marker.deprecated,
        examples=named_examples(marker, annotation, where, parameter.name),
    )


def _check_marker(parameter: Parameter, marker: ParameterMarker, source: Source, where: str, *, spread: bool) -> None:
    known = typing.get_args(QueryStyle)
    if isinstance(marker, Query) and marker.style not in known:
        styles = ", ".join(map(repr, known))
        raise InvalidMarkerError(
            where, parameter.name, f"style={marker.style!r} is not a style", f"use one of {styles}"
        )
    if marker.name is None:
        return
    if spread:
        raise InvalidMarkerError(
            where,
            parameter.name,
            f"name={marker.name!r} names one parameter, and every field of a model is one",
            "drop name=; the fields are renamed in the model",
        )
    name: Any = marker.name
    of_head = source in {Source.HEADER, Source.COOKIE}
    if not isinstance(name, str) or not (is_token(name) if of_head else name):
        raise InvalidMarkerError(
            where,
            parameter.name,
            f"name={name!r} is not a name of a {source} parameter",
            "use letters, digits, '-' and '_'" if of_head else "give a text with something in it",
        )


def _field(name: str, kind: inspect.Type, default: Any) -> FieldPlan:
    return FieldPlan(
        name=name,
        type=kind,
        required=default is NODEFAULT,
        default=default,
        repeated=is_collection(kind),
        attribute=name,
    )


def _model(kind: inspect.Type) -> Any:
    """Return the only class with fields in a type: ``PageQuery`` or ``PageQuery | None``."""
    kind = without_metadata(kind)
    members = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    models = [one for one in members if fields_of(one) is not None and not isinstance(one, inspect.NamedTupleType)]
    return without_metadata(models[0]) if len(models) == 1 else None


def _forbids_unknown(model: Any) -> bool:
    if isinstance(model, inspect.CustomType):
        return model_forbids_unknown(model.cls)
    return bool(getattr(model, "forbid_unknown_fields", False))


def _spread(parameter: Parameter, model: Any, source: Source, where: str) -> tuple[FieldPlan, ...]:
    if source is Source.PATH:
        raise InvalidMarkerError(
            where,
            parameter.name,
            "a path parameter is one text and cannot be a model",
            "take each placeholder by a parameter of its own",
        )
    if source is Source.HEADER and _forbids_unknown(model):
        raise InvalidMarkerError(
            where,
            parameter.name,
            f"{type_name(model.cls)} forbids unknown fields, and every request has headers that it does not know",
            "drop forbid_unknown_fields from the header model",
        )
    wire_name = _WIRE_NAMES.get(source, str)
    fields = tuple(_model_field(one, wire_name(one.encode_name)) for one in fields_of(model) or ())
    if source is Source.FORM:
        return tuple(
            of_form(one, f"the field {one.attribute!r} of {type_name(model.cls)}", parameter, where) for one in fields
        )
    for one in fields:
        if not carried_by_query(one.type):
            raise InvalidMarkerError(
                where,
                parameter.name,
                f"the field {one.attribute!r} of {type_name(model.cls)} is not a scalar and no collection of scalars",
                _hint_for_nested(one.type, source),
            )
    return fields


def _hint_for_nested(kind: inspect.Type, source: Source) -> str:
    """Return a hint how to send a field that a model of parameters cannot have."""
    if source is Source.QUERY and _nests_once(kind):
        return 'send it as a JSON body, or take it by a parameter of its own with Query(style="deepObject")'
    return "send it as a JSON body"


def _nests_once(kind: inspect.Type) -> bool:
    kind = without_metadata(kind)
    members = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    objects = [one for one in map(without_metadata, members) if _is_object(one)]
    return bool(objects) and all(_nested_in(one) is None for one in objects)


def _is_object(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.DictType) or fields_of(kind) is not None


def _model_field(one: inspect.Field, name: str) -> FieldPlan:
    return FieldPlan(
        name=name,
        type=one.type,
        required=one.required,
        default=one.default,
        default_factory=one.default_factory,
        repeated=is_collection(one.type),
        attribute=one.encode_name,
    )


def _deep_object_fields(
    parameter: Parameter, kind: inspect.Type, name: str, where: str, *, required: bool, default: Any
) -> tuple[FieldPlan, ...]:
    plain = without_metadata(kind)
    members = plain.types if isinstance(plain, inspect.UnionType) else (plain,)
    if not any(map(_is_object, members)):
        raise InvalidMarkerError(
            where, parameter.name, 'style="deepObject" needs a type with fields', "use a Struct, or another style"
        )
    for one in members:
        nested = _nested_in(one)
        if nested is not None:
            raise InvalidMarkerError(
                where,
                parameter.name,
                f"{nested} is not a scalar and not a collection of scalars, "
                'and style="deepObject" has one level of keys',
                "use scalars, or send it as a JSON body",
            )
    return (FieldPlan(name=name, type=kind, required=required, default=default, attribute=name),)


def _nested_in(kind: Any) -> str | None:
    """Return the part of an object that needs a second level of keys, which OpenAPI leaves undefined (4.8.12.4)."""
    kind = without_metadata(kind)
    if isinstance(kind, inspect.DictType):
        return None if carried_by_query(kind.value_type) else "the value of the dict"
    nested = (one for one in fields_of(kind) or () if not carried_by_query(one.type))
    return next((f"the field {one.encode_name!r} of {type_name(kind.cls)}" for one in nested), None)


def _require_scalar(parameter: Parameter, annotation: Any, kind: inspect.Type, source: Source, where: str) -> None:
    if not carried_by_query(kind):
        name = type_name(annotation)
        hint = body_hint(name, kind) if source is Source.QUERY else "use a scalar or a collection of scalars"
        raise UnsupportedTypeError(where, parameter.name, name, f"it has no form as a {source} parameter", hint=hint)
    if source is Source.PATH and is_collection(kind):
        raise InvalidMarkerError(
            where, parameter.name, "a path parameter is one text and cannot be a collection", "take a str and part it"
        )
