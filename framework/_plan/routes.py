"""The plan of one handler on one path, and of the layers around it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from framework._inspect.signatures import Signature
from framework._plan.calls import Call, CredentialPlan, GuardPlan, ServicePlan
from framework._plan.links import LinkPlan
from framework._plan.requests import BodyPlan, ParameterPlan
from framework._plan.responses import ResponsePlan, StreamKind
from framework._plan.sockets import SocketPlan
from framework._steps import Layer, Steps
from framework.credentials import Credentials, SecurityRequirement
from framework.deprecation import Deprecation
from framework.formats import Format
from framework.http_errors import HTTPError
from framework.limits import Limits
from framework.openapi import Callback
from framework.routing import RouteInfo

__all__ = ("HandledPlan", "LayerPlan", "RoutePlan", "StepsPlan", "handled_by", "in_guard_order")


class HandledPlan(Struct, frozen=True, kw_only=True):
    """The declared response of an exception handler."""

    bodies: Mapping[str, Any] = field(default_factory=dict)
    """The types of its values by media type; ``*/*`` if the media type is unknown."""
    status: int | None = None
    """``None`` for the status of the error."""
    doc: str | None = None
    """The docstring of the handler."""


class LayerPlan(Struct, frozen=True, kw_only=True):
    """The guards, middlewares and exception handlers that one level declares, as variables of the emitted code."""

    level: str
    """Where they were declared, as explain() names it: ``app``, ``router /v1``, ``OrderController``, …"""
    where: str = ""
    """Where they were declared, as errors name it."""
    middlewares: tuple[str, ...] = ()
    compiled: Mapping[str, Layer] = field(default_factory=dict)
    """The variables of the middlewares that are compiled into the routes."""
    guards: tuple[str, ...] = ()
    guarding: Mapping[str, Layer] = field(default_factory=dict)
    """The variables of the guards that may also be given as middlewares."""
    credentials: Mapping[str, Credentials] = field(default_factory=dict)
    """The credentials of the guards that the route itself verifies."""
    injected: Mapping[str, Signature] = field(default_factory=dict)
    """The plans of the guards that have more parameters than the request."""
    security: tuple[SecurityRequirement, ...] = ()
    """The requirements that the other guards declare."""
    stated: frozenset[str] = frozenset()
    """The variables of the guards that declare them."""
    raises: tuple[type[Exception], ...] = ()
    """The errors that the guards declare."""
    exception_handlers: Mapping[type[Exception] | int, str] = field(default_factory=dict)
    handled: Mapping[type[Exception] | int, HandledPlan] = field(default_factory=dict)
    """The declared responses of the exception handlers."""
    handler_services: tuple[ServicePlan, ...] = ()
    """The scoped and transient services that the exception handlers open."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The declared objects behind the variables, by name: ``{"measure_s3": "measure"}``."""
    first: bool = False
    """Whether its guards run before those of all other levels."""


def in_guard_order(layers: Sequence[LayerPlan]) -> Sequence[LayerPlan]:
    """Return layers in the order in which their guards run."""
    return sorted(layers, key=lambda one: not one.first)


def handled_by(layers: Sequence[LayerPlan], error: type[Exception]) -> HandledPlan | None:
    """Return the response of the exception handler for an error of the route itself, ``None`` if there is none."""
    status = error.status if issubclass(error, HTTPError) else 500
    keys: tuple[Any, ...] = (*error.__mro__, status)
    return next((level.handled[key] for level in reversed(layers) for key in keys if key in level.handled), None)


class StepsPlan(Struct, frozen=True, kw_only=True, eq=False):
    """The steps of one compiled middleware for one route."""

    name: str
    """Its class."""
    level: str
    """Where it was declared: the ``name`` of its LayerPlan."""
    depth: int
    """The number of levels around it, including its own."""
    index: int
    """Its position among the middlewares of its level."""
    steps: Steps

    @property
    def is_inner(self) -> bool:
        """Whether it begins after the guards."""
        return self.steps.behind_guards or self.steps.after_validation


class RoutePlan(Struct, frozen=True, kw_only=True):
    """The plan of one handler on one path."""

    method: str
    path: str
    """The full path template, for example ``/v1/orders/{order_id}``."""
    name: str
    label: str
    """The handler, as messages name it: ``OrderController.show (shop/orders.py:12)``."""
    function: Callable[..., Any]
    """The handler as declared, unbound."""
    controller: str
    """The variable that holds the controller."""
    handler: Call
    synchronous: bool
    parameters: tuple[ParameterPlan, ...]
    body: BodyPlan | None
    services: tuple[ServicePlan, ...]
    """The scoped and transient services that a request needs, in the order of their creation."""
    response: ResponsePlan
    layers: tuple[LayerPlan, ...]
    """Outermost first: app, routers, controller, route."""
    steps: tuple[StepsPlan, ...] = ()
    """The steps of the compiled middlewares, outermost first."""
    info: RouteInfo | None = None
    """The description of the route that layers receive, if there are compiled layers."""
    require_precondition: bool = False
    """Whether a request without a precondition is rejected (428)."""
    takes_preconditions: bool = False
    """Whether the handler compares preconditions itself."""
    formats: tuple[Format, ...]
    """The formats of typed bodies and responses; the first format is the default."""
    limits: Limits
    """All limits, with the inherited values filled in."""
    guards: tuple[GuardPlan, ...] = ()
    """The guards that have more parameters than the request."""
    credentials: tuple[CredentialPlan, ...] = ()
    """In the order of their verification."""
    security: tuple[SecurityRequirement, ...] = ()
    """The requirements that guards and providers declare and verify themselves."""
    socket: SocketPlan | None = None
    """The plan of a web socket; its method is GET, and it is not an operation of the OpenAPI document."""
    raises: tuple[type[Exception], ...] = ()
    tags: tuple[str, ...] = ()
    summary: str | None = None
    description: str | None = None
    operation_id: str | None = None
    deprecated: bool = False
    deprecation: Deprecation | None = None
    """The deprecation headers of each response, if more is known than that the route is deprecated."""
    in_document: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """The merged metadata, read-only."""
    examples: Mapping[str, Any] = field(default_factory=dict)
    """Headers of the successful response, by name."""
    links: tuple[LinkPlan, ...] = ()
    """Links from the successful response to other operations."""
    callbacks: Mapping[str, Callback] = field(default_factory=dict)
    check_responses: bool = False
    """Whether each value that is sent is checked against its annotation as a whole."""
    extra: Mapping[str, Any] | None = None

    @property
    def all_parameters(self) -> tuple[ParameterPlan, ...]:
        """The parameters of a request: for the handler, then for each guard."""
        return (*self.parameters, *(each for one in self.guards for each in one.parameters))

    @property
    def ends_with_credentials(self) -> bool:
        """Whether its response has no end of its own, and ends when the credentials of the request expire."""
        stream = self.response.stream
        is_endless = self.socket is not None or (stream is not None and stream.kind is StreamKind.EVENTS)
        return is_endless and not self.limits.outlive_credentials

    @property
    def early_services(self) -> frozenset[str]:
        """The variables of the services that guards and credentials need; they are created before the handler's."""
        return frozenset(
            [name for one in self.guards for name in one.services]
            + [name for one in self.credentials for name in one.services]
        )
