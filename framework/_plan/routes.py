"""All that is known of one handler on one path, and of the layers around it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from framework._inspect.signatures import Signature
from framework._plan.answering import ResponsePlan
from framework._plan.following import LinkPlan
from framework._plan.making import Call, CredentialPlan, GuardPlan, ServicePlan
from framework._plan.reading import BodyPlan, ParameterPlan
from framework._plan.talking import SocketPlan
from framework.deprecation import Deprecation
from framework.formats import Format
from framework.http_errors import HTTPError
from framework.limits import Limits
from framework.openapi import Callback
from framework.schemes import Credentials, SecurityRequirement

__all__ = ("HandledPlan", "LayerPlan", "RoutePlan", "handled_by")


class HandledPlan(Struct, frozen=True, kw_only=True):
    """What an exception handler sends, as far as it declares it."""

    bodies: Mapping[str, Any] = field(default_factory=dict)
    """The types of its values by media type; ``*/*`` for what is not known."""
    status: int | None = None
    """``None`` for that of the error."""
    doc: str | None = None
    """The docstring of the handler."""


class LayerPlan(Struct, frozen=True, kw_only=True):
    """The guards, middlewares and exception handlers that one level declares, as variables of the emitted code."""

    level: str
    """Where they were declared, as explain() names it: ``app``, ``router /v1``, ``OrderController``, …"""
    middlewares: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    credentials: Mapping[str, Credentials] = field(default_factory=dict)
    """Those of the guards that the route itself verifies."""
    injected: Mapping[str, Signature] = field(default_factory=dict)
    """Of the guards that take more than the request, what they take."""
    security: tuple[SecurityRequirement, ...] = ()
    """What the other guards say that they ask for."""
    exception_handlers: Mapping[type[Exception] | int, str] = field(default_factory=dict)
    handled: Mapping[type[Exception] | int, HandledPlan] = field(default_factory=dict)
    """What the exception handlers send."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the variables stand for, as it was declared: ``{"measure_s3": "measure"}``."""


def handled_by(layers: Sequence[LayerPlan], error: type[Exception]) -> HandledPlan | None:
    """Return what the exception handler sends that takes an error of the route itself, ``None`` if there is none."""
    status = error.status if issubclass(error, HTTPError) else 500
    keys: tuple[Any, ...] = (*error.__mro__, status)
    return next((level.handled[key] for level in reversed(layers) for key in keys if key in level.handled), None)


class RoutePlan(Struct, frozen=True, kw_only=True):
    """All that is known of one handler on one path."""

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
    """The scoped and transient services that a request needs, in the order in which they are made."""
    response: ResponsePlan
    layers: tuple[LayerPlan, ...]
    """Outermost first: app, routers, controller, route."""
    require_precondition: bool = False
    """Whether a request without a precondition is refused (428)."""
    takes_preconditions: bool = False
    """Whether the handler compares preconditions itself."""
    formats: tuple[Format, ...]
    """Of bodies and answers that have a type; the first is the one that counts where the client says nothing."""
    limits: Limits
    """With nothing left out."""
    guards: tuple[GuardPlan, ...] = ()
    """Those that take more than the request."""
    credentials: tuple[CredentialPlan, ...] = ()
    """In the order in which they are verified."""
    security: tuple[SecurityRequirement, ...] = ()
    """What guards and providers say that they ask for and verify themselves."""
    socket: SocketPlan | None = None
    """What makes the route a web socket; its method is GET then, and it is not an operation of the document."""
    raises: tuple[type[Exception], ...] = ()
    tags: tuple[str, ...] = ()
    summary: str | None = None
    description: str | None = None
    operation_id: str | None = None
    deprecated: bool = False
    deprecation: Deprecation | None = None
    """What each answer says of it, where more is known than that it is deprecated."""
    in_document: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Read-only."""
    examples: Mapping[str, Any] = field(default_factory=dict)
    """Of the successful answer, by their names."""
    links: tuple[LinkPlan, ...] = ()
    """From the successful answer to other operations."""
    callbacks: Mapping[str, Callback] = field(default_factory=dict)
    check_responses: bool = False
    """Whether each value that is sent is compared with its annotation as a whole."""
    extra: Mapping[str, Any] | None = None

    @property
    def all_parameters(self) -> tuple[ParameterPlan, ...]:
        """What is read of a request besides its body: for the handler, then for each guard."""
        return (*self.parameters, *(each for one in self.guards for each in one.parameters))

    @property
    def early_services(self) -> frozenset[str]:
        """The variables of the services that are made for guards and credentials, before the handler's are."""
        return frozenset(
            [name for one in self.guards for name in one.services]
            + [name for one in self.credentials for name in one.services]
        )
