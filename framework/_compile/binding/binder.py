"""Decides, at start-up, which value of the request is passed as which argument."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

from msgspec import NODEFAULT, Struct, field, inspect
from msgspec.structs import replace

from framework._compile.binding.bodies import STREAMS, BodyClaim, body_kind, media_types_of, plan_body, plan_form
from framework._compile.binding.defaults import named_examples, wrong_defaults, wrong_examples
from framework._compile.binding.form_fields import is_file
from framework._compile.binding.parameters import (
    body_hint,
    default_of,
    plan_parameter,
    read_type,
)
from framework._compile.binding.same_names import contradiction, owner_of, reads_the_same
from framework._inspect.names import type_name
from framework._inspect.signatures import Parameter
from framework._inspect.types import carried_by_query, kind_of, mentions, without_none, without_unset
from framework._plan import ArgumentPlan, BodyKind, BodyPlan, ParameterPlan, Provision, Source
from framework._serve.requests.uploads import UploadFile
from framework.errors import (
    BodyNotAllowedError,
    DefinitionError,
    DuplicateParameterError,
    SeveralBodiesError,
    UnboundPlaceholderError,
    UnknownPlaceholderError,
)
from framework.formats import JSON, Format
from framework.params import Body, Cookie, File, Form, Header, ParameterMarker, Path, Query

__all__ = ("RequestBinder",)

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE", "QUERY"})
_SOURCES: dict[type[ParameterMarker], Source] = {
    Path: Source.PATH,
    Query: Source.QUERY,
    Header: Source.HEADER,
    Cookie: Source.COOKIE,
    Form: Source.FORM,
    File: Source.FORM,
}


class RequestBinder(Struct, kw_only=True):
    """Collects what one route reads from a request, for its handler and all its providers."""

    where: str
    method: str
    path: str
    placeholders: Sequence[str]
    parameters: list[ParameterPlan] = field(default_factory=list)
    formats: Sequence[Format] = (JSON,)
    prefix: str = "p"
    """The prefix of the variables of its parameters."""
    claims: list[BodyClaim] = field(default_factory=list)
    """The parameters that read the body, or a part of it, except the fields of a form."""
    claimed: dict[str, str] = field(default_factory=dict)
    """The handler's own parameters that could not be bound, or have a marker; others cannot read their placeholders."""
    checked: dict[int, inspect.Type] = field(default_factory=dict)
    """The types without errors in their defaults and examples, which the routes of an app share, by identity."""
    _bodies: list[str] = field(default_factory=list)
    """The names of all parameters that read from the body."""

    @property
    def body(self) -> BodyPlan | None:
        """The plan of the body, after all parameters are bound."""
        if any(one.source is Source.FORM for one in self.parameters):
            return plan_form(self.parameters)
        return plan_body(self.claims, self.where) if self.claims else None

    def alone(self, where: str, placeholders: Sequence[str]) -> "RequestBinder":
        """Return an empty binder, for a provider that no route needs."""
        return replace(self, where=where, placeholders=placeholders, parameters=[], claims=[], _bodies=[])

    def before(self, number: int) -> "RequestBinder":
        """Return an empty binder, for values that are read from the same request at an earlier stage."""
        return replace(self, parameters=[], prefix=f"g{number}_", claims=[], claimed={}, _bodies=[])

    @staticmethod
    def takes(annotation: Any) -> bool:
        """Return whether values of a type are always read from the body: files and streams."""
        plain = without_none(annotation)
        return plain in STREAMS or (mentions(plain, UploadFile) and is_file(plain))

    def bind_marked(
        self,
        parameter: Parameter,
        annotation: Any,
        marker: ParameterMarker | Body,
        where: str,
        path: Sequence[str] = (),
    ) -> ArgumentPlan:
        """Bind a parameter with a marker; raises a DefinitionError.

        ``path`` names the dependents of the provider that has the parameter, outermost first.
        """
        annotation = without_unset(annotation)
        if isinstance(marker, Body):
            return self._bind_body(parameter, annotation, where, marker, path)
        return self._bind_parameter(parameter, annotation, marker, where, path)

    def bind_unmarked(self, parameter: Parameter, where: str) -> ArgumentPlan:
        """Bind a handler's parameter by its name, then by its type; raises a DefinitionError."""
        annotation = without_unset(parameter.annotation)
        if parameter.name in self.placeholders:
            return self._bind_parameter(parameter, annotation, Path(), where)
        if self.takes(annotation):
            marker = Body() if without_none(annotation) in STREAMS else File()
            return self.bind_marked(parameter, annotation, marker, where)
        kind = read_type(annotation, where, parameter.name)
        if carried_by_query(kind):
            return self._bind_parameter(parameter, annotation, Query(), where)
        return self._bind_body(parameter, annotation, where, Body())

    def mistakes(self, before: Sequence["RequestBinder"] = ()) -> Iterator[DefinitionError]:
        """Yield the errors that concern several parameters, after all are bound; ``before`` were read earlier."""
        every = [self, *before]
        taken = {one.field.name for binder in every for one in binder.parameters if one.source is Source.PATH}
        yield from self._contradicting(every)
        for name in self.placeholders:
            if name not in taken and self.claimed.get(name) != "":
                yield UnboundPlaceholderError(self.where, self.path, name, marker=self.claimed.get(name, ""))
        yield from self._contending()
        for claim in self.claims:
            yield from self._wrong_values(claim.type)
        for one in (each for binder in every for each in binder.parameters):
            yield from self._wrong_values(kind_of(one.annotation))

    def _wrong_values(self, kind: inspect.Type) -> Iterator[DefinitionError]:
        """Yield the errors in the defaults and the examples of a type."""
        if id(kind) in self.checked:
            return
        found = [*wrong_defaults(kind), *wrong_examples(kind, self.where)]
        if not found:
            self.checked[id(kind)] = kind
        yield from found

    def _contradicting(self, binders: Sequence["RequestBinder"]) -> Iterator[DefinitionError]:
        """Yield an error for each name that is read at several stages with different types."""
        for one, other in combinations(binders, 2):
            for plan, known in product(one.parameters, other.parameters):
                shared = contradiction(known, plan) if _overlap(known, plan) else None
                if shared is not None:
                    yield DuplicateParameterError(self.where, plan.source, shared, (owner_of(plan), owner_of(known)))

    def _contending(self) -> Iterator[DefinitionError]:
        """Yield an error if parameters cannot share the body."""
        kinds = {one.kind for one in self.claims}
        has_form = any(one.source is Source.FORM for one in self.parameters)
        if (has_form and kinds) or (len(self.claims) > 1 and kinds != {BodyKind.TYPED}):
            yield SeveralBodiesError(
                self.where,
                self._bodies,
                hint="read it in one way: as a form, as bytes, as text, as a stream or as values",
            )
        elif len(self.claims) > 1:
            foreign = any(not one.is_own for one in self.claims)
            if foreign or len({one.media_types for one in self.claims}) > 1:
                yield SeveralBodiesError(self.where, self._bodies)

    def _bind_body(
        self, parameter: Parameter, annotation: Any, where: str, marker: Body, path: Sequence[str] = ()
    ) -> ArgumentPlan:
        kind = read_type(annotation, where, parameter.name, STREAMS)
        self._require_body(parameter, annotation, kind, where, path)
        is_own = where == self.where
        default = default_of(parameter, annotation, where)
        how = body_kind(annotation, marker, self.formats)
        media_types = media_types_of(how, marker, self.formats, where=where, parameter=parameter.name)
        for known in self.claims:
            # A provider may read the same body as the handler; two parameters of the handler are two keys of an object.
            if known.annotation == annotation and known.kind is how and not (is_own and known.is_own):
                known.is_own |= is_own
                known.name = parameter.name if is_own else known.name
                known.default = NODEFAULT if default is NODEFAULT else known.default
                return _argument(parameter, Provision.BODY, known.variable)
        self._bodies.append(parameter.name)
        claim = BodyClaim(
            name=parameter.name,
            kind=how,
            annotation=annotation,
            type=kind,
            default=default,
            marker=marker,
            examples=named_examples(marker, annotation, where, parameter.name),
            media_types=media_types,
            variable=f"body_{len(self.claims)}" if self.claims else "body",
            is_own=is_own,
        )
        self.claims.append(claim)
        return _argument(parameter, Provision.BODY, claim.variable)

    def _require_body(
        self, parameter: Parameter, annotation: Any, kind: inspect.Type, where: str, path: Sequence[str]
    ) -> None:
        if self.method not in _BODY_METHODS:
            name = type_name(annotation)
            raise BodyNotAllowedError(
                where, parameter.name, name, self.method, hint=body_hint(name, kind), needed_by=path
            )

    def _bind_parameter(
        self, parameter: Parameter, annotation: Any, marker: ParameterMarker, where: str, path: Sequence[str] = ()
    ) -> ArgumentPlan:
        source = _SOURCES[type(marker)]
        if source is Source.FORM:
            kind = read_type(annotation, where, parameter.name, (UploadFile,))
            self._require_body(parameter, annotation, kind, where, path)
            self._bodies.append(parameter.name)
        if source is Source.PATH:
            self.claimed[marker.name or parameter.name] = ""
        plan = plan_parameter(parameter, annotation, marker, source=source, where=where)
        if source is Source.PATH and plan.field.name not in self.placeholders:
            raise UnknownPlaceholderError(
                where, parameter.name, plan.field.name, self.path, marked=True, needed_by=path
            )
        variable = self._share(plan)
        return _argument(parameter, Provision.PARAMETER, variable)

    def _share(self, plan: ParameterPlan) -> str:
        """Keep a parameter under a variable; share it if it is read already in the same way."""
        for known in self.parameters:
            if not _overlap(known, plan):
                continue
            if reads_the_same(known, plan):
                return known.variable
            shared = contradiction(known, plan)
            if shared is not None:
                raise DuplicateParameterError(self.where, plan.source, shared, (owner_of(known), owner_of(plan)))
        variable = f"{self.prefix}{len(self.parameters)}"
        self.parameters.append(replace(plan, variable=variable))
        return variable


def _overlap(one: ParameterPlan, other: ParameterPlan) -> bool:
    """Return whether two parameters read the same name."""
    names = {each.name for each in one.fields}
    return one.source is other.source and not names.isdisjoint({each.name for each in other.fields})


def _argument(parameter: Parameter, provision: Provision, variable: str) -> ArgumentPlan:
    return ArgumentPlan(
        name=parameter.name, provision=provision, variables=(variable,), positional=parameter.positional
    )
