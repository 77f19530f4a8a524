"""Plans one handler on one path: the sources of its arguments, its services, and its response."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field, inspect
from msgspec.structs import replace

from framework._compile.binding.binder import RequestBinder
from framework._compile.binding.defaults import check_examples
from framework._compile.binding.markers import refuse_foreign, take_marker
from framework._compile.declarations.collect import Mounted, Report
from framework._compile.declarations.errors import check_handled
from framework._compile.declarations.slow_patterns import SlowPatternWatch
from framework._compile.guards import GuardPlanner
from framework._compile.layers import LayerPlanner
from framework._compile.responses.results import plan_result
from framework._compile.services.credentials import CredentialPlanner
from framework._compile.services.graph import ServiceGraph
from framework._compile.services.needs import is_request
from framework._compile.services.planner import ServicePlanner, argument_of_request
from framework._compile.services.products import is_a
from framework._compile.sockets import UPGRADED, argument_of_socket, binding_method, is_socket, plan_socket
from framework._inspect.names import type_name, value_text
from framework._inspect.signatures import (
    MISSING,
    Parameter,
    Signature,
    is_async,
    is_async_generator,
    is_sync_generator,
    read_signature,
    type_arguments,
)
from framework._inspect.types import is_foreign, kind_of, without_none
from framework._plan import (
    ArgumentPlan,
    BodyKind,
    BodyPlan,
    Call,
    CredentialPlan,
    LayerPlan,
    Provision,
    ResponsePlan,
    RoutePlan,
    in_guard_order,
)
from framework.caching import Preconditions
from framework.credentials import Credentials, stated_security
from framework.errors import (
    DefinitionError,
    InvalidDefaultError,
    InvalidHandlerError,
    MissingAnnotationError,
    UnknownPlaceholderError,
)
from framework.formats import Format
from framework.limits import Limits
from framework.params import Inject

__all__ = ("RoutePlanner", "Surroundings")

_AWAITED = frozenset({BodyKind.STREAM, BodyKind.PARTS})


class Surroundings(Struct, frozen=True, kw_only=True):
    """The objects that all routes of an app share."""

    graph: ServiceGraph
    process: ServicePlanner
    layers: LayerPlanner
    limits: Limits
    formats: tuple[Format, ...]
    report: Report
    check_responses: bool = False
    patterns: SlowPatternWatch = field(default_factory=SlowPatternWatch)
    checked: dict[int, inspect.Type] = field(default_factory=dict)
    """The types whose defaults and examples are right."""


class RoutePlanner:
    """Plans one route; raises errors that prevent a plan, and reports all others."""

    def __init__(self, shared: Surroundings, mounted: Mounted, method: str) -> None:
        self._shared = shared
        self._mounted = mounted
        self._method = method
        self._options: Mapping[str, Any] = mounted.options
        self._synchronous = not (is_async(mounted.function) or is_async_generator(mounted.function))
        self._check_function()
        self._signature = _handler_signature(mounted)
        self._binder = RequestBinder(
            where=mounted.where,
            method=binding_method(mounted, self._signature, method),
            path=mounted.template.text,
            placeholders=mounted.template.placeholders,
            formats=shared.formats,
            checked=shared.checked,
        )
        self._services = ServicePlanner(
            shared.graph, shared.report, singletons=shared.process, bind_marked=self._bind_marked
        )
        self._credentials = CredentialPlanner(self._services, shared.report)
        self._guards = GuardPlanner(self._services, self._binder, self._path[0], shared.report)

    def plan(self) -> RoutePlan:
        """Plan the route; raises a DefinitionError."""
        mounted, options = self._mounted, self._options
        layers = self._layers()
        controller = self._controller()
        arguments = self._arguments()
        body = self._binder.body
        self._check(body, layers)
        response = self._response()
        credentials = self._credentials.plans()
        return RoutePlan(
            method=self._method,
            path=mounted.template.text,
            name=mounted.name,
            label=mounted.where,
            function=mounted.function,
            controller=controller,
            handler=Call(target=mounted.function, arguments=arguments),
            synchronous=self._synchronous,
            parameters=tuple(self._binder.parameters),
            body=None if mounted.socket else body,
            services=tuple(self._services.services),
            response=response,
            socket=plan_socket(mounted, self._signature, self._binder) if mounted.socket else None,
            require_precondition=options.get("require_precondition", False),
            takes_preconditions=any(one.provision is Provision.PRECONDITIONS for one in arguments),
            layers=layers,
            limits=mounted.limits.within(self._shared.limits),
            formats=self._shared.formats,
            check_responses=self._shared.check_responses,
            guards=self._guards.plans(),
            credentials=credentials,
            security=(
                *(each for level in layers for each in level.security),
                *(each for one in self._services.services for each in stated_security(one.call.target)),
            ),
            raises=tuple(dict.fromkeys((*mounted.raises, *_refused_with(layers, credentials)))),
            tags=tuple(dict.fromkeys(mounted.tags)),
            summary=options.get("summary"),
            description=options.get("description"),
            operation_id=options.get("operation_id"),
            deprecated=bool(mounted.deprecated),
            deprecation=None if isinstance(mounted.deprecated, bool) else mounted.deprecated,
            in_document=mounted.in_document,
            metadata=MappingProxyType(dict(mounted.metadata)),
            examples=options.get("examples", {}),
            extra=options.get("extra"),
        )

    def _bind_marked(
        self, parameter: Parameter, annotation: Any, marker: Any, where: str, path: Sequence[str]
    ) -> ArgumentPlan:
        if isinstance(marker, Credentials):
            return self._credentials.bind(parameter, annotation, marker, where, path)
        self._guards.check(parameter, marker, where, path)
        return self._guards.binder.bind_marked(parameter, annotation, marker, where, path)

    def _layers(self) -> tuple[LayerPlan, ...]:
        layers = tuple(self._shared.layers.plan(one) for one in self._mounted.levels)
        for level in in_guard_order(layers):
            for guard in level.guards:
                if guard in level.credentials:
                    self._credentials.guard(guard, level.credentials[guard], level.level)
                elif guard in level.injected:
                    self._guards.plan(guard, level.names[guard], level.injected[guard])
        return layers

    def _controller(self) -> str:
        """Plan the controller: created once for the process, or for each request."""
        return self._services.make_settled(self._mounted.controller)

    def _arguments(self) -> tuple[ArgumentPlan, ...]:
        planned: list[ArgumentPlan] = []
        for parameter in self._signature.parameters:
            try:
                argument = self._argument(parameter)
            except DefinitionError as error:
                self._shared.report(error)
                self._binder.claimed[parameter.name] = ""
                continue
            if argument is not None:
                planned.append(argument)
        return tuple(planned)

    def _argument(self, parameter: Parameter) -> ArgumentPlan | None:
        """Decide the source of a handler's argument, in the documented order."""
        where = self._mounted.where
        refuse_foreign(parameter, where)
        annotation, marker = take_marker(parameter, where)
        if annotation is MISSING:
            raise MissingAnnotationError(where, parameter.name, example=_likely_type(parameter.default))
        if marker is not None:
            return self._marked(parameter, annotation, marker)
        if is_request(annotation) or annotation is Preconditions:
            provision = Provision.PRECONDITIONS if annotation is Preconditions else Provision.REQUEST
            return replace(argument_of_request(parameter), provision=provision)
        if is_socket(annotation):
            return argument_of_socket(self._mounted, parameter)
        if parameter.name in self._binder.placeholders or self._binder.takes(annotation):
            return self._binder.bind_unmarked(parameter, where)
        if parameter.name in self._mounted.siblings:
            self._leave(parameter)
            return None
        if self._shared.graph.knows(annotation) or is_foreign(without_none(annotation)):
            argument = self._services.inject(parameter, annotation, where, self._path, may_be_value=True)
            if argument is None:
                _check_stand_in(parameter, annotation, where)
            return argument
        return self._binder.bind_unmarked(parameter, where)

    @property
    def _path(self) -> tuple[str, ...]:
        """The dependent of a service, for messages."""
        return (self._mounted.where.partition(" ")[0],)

    def _marked(self, parameter: Parameter, annotation: Any, marker: Any) -> ArgumentPlan | None:
        where = self._mounted.where
        self._binder.claimed[parameter.name] = f"{type(marker).__name__}()"
        if isinstance(marker, Inject):
            return self._services.inject(parameter, annotation, where, self._path, qualifier=marker.qualifier)
        asked = isinstance(marker, Credentials)
        return self._bind_marked(parameter, annotation, marker, where, self._path if asked else ())

    def _leave(self, parameter: Parameter) -> None:
        """Use the default for a placeholder of another path of the handler; raises UnknownPlaceholderError."""
        if parameter.default is MISSING:
            template = self._mounted.template.text
            raise UnknownPlaceholderError(self._mounted.where, parameter.name, parameter.name, template, marked=False)

    def _response(self) -> ResponsePlan:
        if self._mounted.socket:
            return UPGRADED
        shared = self._shared
        response = plan_result(self._mounted, self._signature.returns, self._method, shared.formats, shared.report)
        check_examples(self._options.get("examples", {}), response.annotation, self._mounted.where)
        return response

    def _check(self, body: BodyPlan | None, layers: Sequence[LayerPlan]) -> None:
        """Report errors that concern several parameters."""
        where, report = self._mounted.where, self._shared.report
        binders = self._guards.binders
        for mistake in self._binder.mistakes(binders):
            report(mistake)
        if body is not None and self._synchronous and (body.has_files or body.kind in _AWAITED):
            what = "it is a plain def, and its body is read with await"
            report(InvalidHandlerError(where, what, hint="write it as async def"))
        bodies = () if body is None else (body.type,)
        kinds = [kind_of(one.annotation) for binder in (self._binder, *binders) for one in binder.parameters]
        self._shared.patterns.look_at(where, (*kinds, *bodies))
        check_handled(where, self._mounted.raises, layers, report)

    def _check_function(self) -> None:
        function, where = self._mounted.function, self._mounted.where
        written = getattr(function, "__wrapped__", function)
        if is_sync_generator(written):
            hint = "write it as async def, or return the value instead"
            raise InvalidHandlerError(where, "it is a generator", hint=hint)
        if self._synchronous and (is_async(written) or is_async_generator(written)):
            what = "the decorator around it makes it a plain function"
            raise InvalidHandlerError(where, what, hint="write its wrapper as async def")


def _refused_with(layers: Sequence[LayerPlan], credentials: Sequence[CredentialPlan]) -> Iterator[type[Exception]]:
    """Yield the errors that guards and verifiers declare."""
    yield from (error for level in layers for error in level.raises)
    yield from (error for one in credentials for each in one.verifications for error in each.scheme.raises)


def _check_stand_in(parameter: Parameter, annotation: Any, where: str) -> None:
    """Raise InvalidDefaultError if a service has no provider and its default is not one: Depends(), for example."""
    default = parameter.default
    if default is not MISSING and default is not None and not is_a(type(default), without_none(annotation)):
        reason = f"got `{type_name(type(default))}`"
        raise InvalidDefaultError(where, f"parameter {parameter.name!r}", value_text(default), reason)


def _likely_type(default: Any) -> str:
    """Return the probable type of a parameter, by its default."""
    return "int" if default is MISSING or default is None else type_name(type(default))


def _handler_signature(mounted: Mounted) -> Signature:
    definer = next(one for one in mounted.controller.__mro__ if mounted.attribute in vars(one))
    variables = type_arguments(mounted.controller).get(definer, {})
    return read_signature(mounted.function, owner=mounted.controller, method=True, variables=variables)
