"""What was decided at start-up, as frozen records: behaviour and the OpenAPI document are both read from them."""

from collections.abc import Callable, Mapping
from enum import Enum, StrEnum
from typing import Any, Literal

from msgspec import NODEFAULT, Struct, field, inspect

from framework.container import Lifetime
from framework.formats import Format
from framework.http_errors import HTTPError
from framework.limits import Limits
from framework.params import QueryStyle

__all__ = (
    "ArgumentPlan",
    "BodyPlan",
    "Call",
    "Encoding",
    "FactoryKind",
    "FieldPlan",
    "Frames",
    "LayerPlan",
    "MessagePlan",
    "ParameterPlan",
    "Provision",
    "ResponsePlan",
    "RoutePlan",
    "ServicePlan",
    "SocketPlan",
    "Source",
)


class Source(StrEnum):
    """Where in the request a parameter is read; also the ``location`` of its faults."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    COOKIE = "cookie"


def _no_default() -> Any:
    # As a plain default, NODEFAULT would make the field of a Struct a required one.
    return NODEFAULT


class FieldPlan(Struct, frozen=True, kw_only=True):
    """One name on the wire: a scalar or collection parameter is one, a model parameter has one for each field."""

    name: str
    """As on the wire; header names in lower case."""
    type: inspect.Type
    required: bool
    default: Any = field(default_factory=_no_default)
    default_factory: Any = field(default_factory=_no_default)
    repeated: bool = False
    """Whether the value is a collection: repeated keys, or split by ``style``."""
    attribute: str = ""
    """The model's own key for the field (its encoded name); the name on the wire for a parameter."""


class ParameterPlan(Struct, frozen=True, kw_only=True):
    """One value that is read from path, query, header or cookie, shared by all arguments that ask for it."""

    source: Source
    variable: str
    """Its field in the Struct made for the route."""
    annotation: Any
    """The declared type, markers taken out, constraints (``msgspec.Meta``) left in."""
    fields: tuple[FieldPlan, ...]
    model: bool = False
    """Whether the fields of a Struct (dataclass, TypedDict, …) are spread over the source."""
    forbid_unknown: bool = False
    style: QueryStyle = "form"
    default: Any = field(default_factory=_no_default)
    """What the argument is when nothing of it is in the request."""
    description: str | None = None
    deprecated: bool = False

    @property
    def field(self) -> FieldPlan:
        """The only field of a parameter that is no model."""
        return self.fields[0]


class BodyPlan(Struct, frozen=True, kw_only=True):
    """The JSON body of a request."""

    annotation: Any
    type: inspect.Type
    required: bool
    default: Any = field(default_factory=_no_default)
    media_type: str = "application/json"
    description: str | None = None


class FactoryKind(Enum):
    """How a factory makes its service."""

    VALUE = "value"
    """There is nothing to call: an instance."""
    CALL = "call"
    ASYNC_CALL = "async call"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"
    CONTEXT = "context manager"
    ASYNC_CONTEXT = "async context manager"

    @property
    def cleans_up(self) -> bool:
        """Whether something must be closed after use."""
        return self not in {FactoryKind.VALUE, FactoryKind.CALL, FactoryKind.ASYNC_CALL}

    @property
    def awaits(self) -> bool:
        """Whether making the service awaits."""
        return self in {FactoryKind.ASYNC_CALL, FactoryKind.ASYNC_GENERATOR, FactoryKind.ASYNC_CONTEXT}


class Provision(Enum):
    """What fills an argument."""

    PARAMETER = "parameter"
    BODY = "body"
    REQUEST = "request"
    SERVICE = "service"
    SERVICES = "services"
    """All implementations of one type, as a list."""
    SOCKET = "socket"


class ArgumentPlan(Struct, frozen=True, kw_only=True):
    """One argument of a handler, a constructor or a factory."""

    name: str
    provision: Provision
    variables: tuple[str, ...] = ()
    """The names under which the emitted code holds what is passed; one, except for a list of services."""
    positional: bool = False


class Call(Struct, frozen=True, kw_only=True):
    """Something called with arguments that were decided at start-up."""

    target: Callable[..., Any]
    arguments: tuple[ArgumentPlan, ...]


class ServicePlan(Struct, frozen=True, kw_only=True):
    """How one service is made."""

    variable: str
    label: str
    """Its type, as messages and comments name it."""
    lifetime: Lifetime
    kind: FactoryKind
    call: Call
    value: Any = None
    """The instance itself, of kind VALUE."""


class Encoding(Enum):
    """How a handler's value becomes a body."""

    NONE = "none"
    TEXT = "text"
    BYTES = "bytes"
    MSGSPEC = "msgspec"
    ORJSON = "orjson"
    PASS = "pass"  # noqa: S105  no secret
    """A response of aiohttp's or ours, sent as it is."""


class ResponsePlan(Struct, frozen=True, kw_only=True):
    """What the return annotation of a handler decides."""

    annotation: Any
    """The type of the value in the body, ``None`` where there is no body."""
    status: int
    media_type: str | None
    encoding: Encoding
    may_be_response: bool = False
    """Whether the annotation admits a ready response beside (or instead of) the value."""


class LayerPlan(Struct, frozen=True, kw_only=True):
    """The guards, middlewares and exception handlers that one level declares, as variables of the emitted code."""

    level: str
    """Where they were declared, as explain() names it: ``app``, ``router /v1``, ``OrderController``, …"""
    middlewares: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    exception_handlers: Mapping[type[Exception] | int, str] = field(default_factory=dict)


class Frames(StrEnum):
    """How messages travel on a web socket."""

    TYPED = "typed"
    """Written by a format."""
    TEXT = "text"
    BINARY = "binary"
    EITHER = "text or binary"
    """``str`` as text and ``bytes`` as binary."""


class MessagePlan(Struct, frozen=True, kw_only=True):
    """The messages of one direction on a web socket."""

    annotation: Any
    type: inspect.Type
    frames: Frames


class SocketPlan(Struct, frozen=True, kw_only=True):
    """What a route has that is a web socket."""

    incoming: MessagePlan
    outgoing: MessagePlan | None
    """``None`` where nothing but problems is sent."""
    listener: bool
    """Whether the handler is called for each message, and not for the connection."""
    format: Format
    """Of messages that have a type."""
    invalid: Literal["close", "report"]
    """What happens for a message that is not valid."""
    origins: tuple[str, ...] | None
    """The pages that may open it, by their origins; ``None`` for those of the same origin."""
    subprotocols: tuple[str, ...]
    heartbeat: float | None
    """Seconds of silence after which the client is pinged; it has half as many to answer."""
    compress: bool


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
    formats: tuple[Format, ...]
    """Of bodies and answers that have a type; the first is the one that counts where the client says nothing."""
    limits: Limits
    """With nothing left out."""
    socket: SocketPlan | None = None
    """What makes the route a web socket; its method is GET then, and it is no operation of the document."""
    raises: tuple[type[HTTPError], ...] = ()
    tags: tuple[str, ...] = ()
    summary: str | None = None
    description: str | None = None
    operation_id: str | None = None
    deprecated: bool = False
    in_document: bool = True
    extra: Mapping[str, Any] | None = None
