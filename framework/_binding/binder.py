"""Decides, at start-up, which value of the request fills which argument."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import NODEFAULT, inspect

from framework._inspect.names import type_name
from framework._inspect.signatures import MISSING, Parameter
from framework._inspect.types import (
    carried_by_query,
    fields_of,
    is_collection,
    unsupported,
    without_metadata,
    without_none,
    without_unset,
)
from framework._plan import ArgumentPlan, BodyPlan, FieldPlan, ParameterPlan, Provision, Source
from framework.errors import (
    BodyNotAllowedError,
    DuplicateParameterError,
    InvalidMarkerError,
    SeveralBodiesError,
    UnknownPlaceholderError,
    UnsupportedTypeError,
)
from framework.params import Body, Cookie, Header, ParameterMarker, Path, Query

__all__ = ("RequestBinder",)

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SOURCES: dict[type[ParameterMarker], Source] = {
    Path: Source.PATH,
    Query: Source.QUERY,
    Header: Source.HEADER,
    Cookie: Source.COOKIE,
}
_WIRE_NAMES: dict[Source, Callable[[str], str]] = {
    Source.HEADER: lambda name: name.replace("_", "-").lower(),
}


@dataclass(slots=True, kw_only=True)
class RequestBinder:
    """Collects what one route reads of a request, for its handler and all providers that it needs."""

    where: str
    method: str
    path: str
    placeholders: Sequence[str]
    parameters: list[ParameterPlan] = field(default_factory=list)
    body: BodyPlan | None = None
    _body_parameter: str = ""

    def bind_marked(
        self, parameter: Parameter, annotation: Any, marker: ParameterMarker | Body, where: str
    ) -> ArgumentPlan:
        """Bind a parameter that carries a marker; raises a DefinitionError."""
        annotation = without_unset(annotation)
        if isinstance(marker, Body):
            return self._bind_body(parameter, annotation, where, marker)
        return self._bind_parameter(parameter, annotation, marker, where)

    def bind_unmarked(self, parameter: Parameter, where: str) -> ArgumentPlan:
        """Bind a handler's parameter by its name, then by its type; raises a DefinitionError."""
        annotation = without_unset(parameter.annotation)
        if parameter.name in self.placeholders:
            return self._bind_parameter(parameter, annotation, Path(), where)
        kind = _type_info(annotation, where, parameter.name)
        if carried_by_query(kind):
            return self._bind_parameter(parameter, annotation, Query(), where)
        return self._bind_body(parameter, annotation, where, Body())

    def unbound(self) -> list[str]:
        """Return the placeholders that no parameter takes."""
        taken = {one.field.name for one in self.parameters if one.source is Source.PATH}
        return [name for name in self.placeholders if name not in taken]

    def _bind_body(self, parameter: Parameter, annotation: Any, where: str, marker: Body) -> ArgumentPlan:
        if self.method not in _BODY_METHODS:
            raise BodyNotAllowedError(where, parameter.name, type_name(annotation), self.method)
        kind = _type_info(annotation, where, parameter.name)
        if self.body is not None and (where == self.where or self.body.annotation != annotation):
            raise SeveralBodiesError(self.where, (self._body_parameter, parameter.name))
        self._body_parameter = parameter.name
        default = NODEFAULT if parameter.default is MISSING else parameter.default
        self.body = BodyPlan(
            annotation=annotation,
            type=kind,
            required=default is NODEFAULT,
            default=default,
            description=marker.description,
        )
        return _argument(parameter, Provision.BODY, "body")

    def _bind_parameter(
        self, parameter: Parameter, annotation: Any, marker: ParameterMarker, where: str
    ) -> ArgumentPlan:
        source = _SOURCES[type(marker)]
        plan = _plan_parameter(parameter, annotation, marker, source=source, where=where)
        if source is Source.PATH and plan.field.name not in self.placeholders:
            raise UnknownPlaceholderError(where, parameter.name, plan.field.name, self.path)
        variable = self._share(plan)
        return _argument(parameter, Provision.PARAMETER, variable)

    def _share(self, plan: ParameterPlan) -> str:
        """Keep a parameter under a variable; one that is read already in the same way is shared."""
        names = {one.name for one in plan.fields}
        for known in self.parameters:
            if known.source is not plan.source or names.isdisjoint({one.name for one in known.fields}):
                continue
            if _reads_the_same(known, plan):
                return known.variable
            if without_none(known.annotation) != without_none(plan.annotation):
                shared = next(one.name for one in plan.fields if one.name in {other.name for other in known.fields})
                raise DuplicateParameterError(
                    self.where, plan.source, shared, (type_name(known.annotation), type_name(plan.annotation))
                )
        variable = f"p{len(self.parameters)}"
        self.parameters.append(replace(plan, variable=variable))
        return variable


def _reads_the_same(one: ParameterPlan, other: ParameterPlan) -> bool:
    if one.annotation != other.annotation or one.style != other.style:
        return False
    return [(f.name, f.required, repr(f.default)) for f in one.fields] == [
        (f.name, f.required, repr(f.default)) for f in other.fields
    ]


def _argument(parameter: Parameter, provision: Provision, variable: str) -> ArgumentPlan:
    return ArgumentPlan(
        name=parameter.name, provision=provision, variables=(variable,), positional=parameter.positional
    )


def _type_info(annotation: Any, where: str, parameter: str) -> inspect.Type:
    reason = unsupported(annotation)
    if reason is not None:
        raise UnsupportedTypeError(where, parameter, type_name(annotation), reason)
    return inspect.type_info(annotation)


def _plan_parameter(
    parameter: Parameter, annotation: Any, marker: ParameterMarker, *, source: Source, where: str
) -> ParameterPlan:
    kind = _type_info(annotation, where, parameter.name)
    style = marker.style if isinstance(marker, Query) else "form"
    model = _model(kind)
    default = NODEFAULT if parameter.default is MISSING else parameter.default
    name = marker.name or _WIRE_NAMES.get(source, str)(parameter.name)
    if source is Source.HEADER:
        name = name.lower()
    if style == "deepObject":
        fields = _deep_object_fields(parameter, kind, name, where, required=default is NODEFAULT, default=default)
    elif model is not None:
        fields = _spread(parameter, model, source, where)
    else:
        _require_scalar(parameter, annotation, kind, source, where)
        fields = (_field(name, kind, default),)
    return ParameterPlan(
        source=source,
        variable="",
        annotation=annotation,
        fields=fields,
        model=model is not None and style != "deepObject",
        forbid_unknown=bool(getattr(model, "forbid_unknown_fields", False)) and style != "deepObject",
        style=style,
        default=default,
        description=marker.description,
        deprecated=marker.deprecated,
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
    """Return the one class with fields in a type, for ``PageQuery`` and ``PageQuery | None``."""
    kind = without_metadata(kind)
    members = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    models = [one for one in members if fields_of(one) is not None and not isinstance(one, inspect.NamedTupleType)]
    return without_metadata(models[0]) if len(models) == 1 else None


def _spread(parameter: Parameter, model: Any, source: Source, where: str) -> tuple[FieldPlan, ...]:
    if source is Source.PATH:
        raise InvalidMarkerError(
            where,
            parameter.name,
            "a path parameter is one text and cannot be a model",
            "take each placeholder by a parameter of its own",
        )
    if source is Source.HEADER and getattr(model, "forbid_unknown_fields", False):
        raise InvalidMarkerError(
            where,
            parameter.name,
            f"{type_name(model.cls)} forbids unknown fields, and every request has headers that it does not know",
            "drop forbid_unknown_fields from the header model",
        )
    wire_name = _WIRE_NAMES.get(source, str)
    fields = tuple(_model_field(one, wire_name(one.encode_name)) for one in fields_of(model) or ())
    for one in fields:
        if not carried_by_query(one.type):
            raise InvalidMarkerError(
                where,
                parameter.name,
                f"the field {one.attribute!r} of {type_name(model.cls)} is no scalar and no collection of scalars",
                'send it as a JSON body, or spell it with Query(style="deepObject")',
            )
    return fields


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
    if not any(isinstance(one, inspect.DictType) or fields_of(one) is not None for one in members):
        raise InvalidMarkerError(
            where, parameter.name, 'style="deepObject" needs a type with fields', "use a Struct, or another style"
        )
    return (FieldPlan(name=name, type=kind, required=required, default=default, attribute=name),)


def _require_scalar(parameter: Parameter, annotation: Any, kind: inspect.Type, source: Source, where: str) -> None:
    if not carried_by_query(kind):
        raise UnsupportedTypeError(
            where, parameter.name, type_name(annotation), f"it has no form as a {source} parameter"
        )
    if source is Source.PATH and is_collection(kind):
        raise InvalidMarkerError(
            where, parameter.name, "a path parameter is one text and cannot be a collection", "take a str and part it"
        )
