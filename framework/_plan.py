"""What was decided at start-up, as frozen records: behaviour and the OpenAPI document are both read from them."""

from collections.abc import Callable, Mapping
from enum import Enum, StrEnum
from typing import Any, Literal

from msgspec import NODEFAULT, Struct, field, inspect

from framework.container import Lifetime
from framework.deprecation import Deprecation
from framework.formats import Format
from framework.http_errors import HTTPError
from framework.limits import Limits
from framework.params import QueryStyle
from framework.schemes import Credentials, SecurityRequirement, SecurityScheme

__all__ = (
    "ArgumentPlan",
    "BodyKind",
    "BodyMember",
    "BodyPlan",
    "Call",
    "Carrier",
    "CredentialPlan",
    "Encoding",
    "FactoryKind",
    "FieldPlan",
    "Frames",
    "LayerPlan",
    "MediaPlan",
    "MessagePlan",
    "ParameterPlan",
    "Provision",
    "ResponsePlan",
    "RoutePlan",
    "ServicePlan",
    "SocketPlan",
    "Source",
    "StreamKind",
    "StreamPlan",
    "VerificationPlan",
)


class Source(StrEnum):
    """Where in the request a parameter is read; also the ``location`` of its faults."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    COOKIE = "cookie"
    FORM = "form"


class Carrier(Enum):
    """What carries a field of a form."""

    TEXT = "text"
    """A scalar, or a collection of scalars."""
    FILE = "file"
    PART = "part"
    """A part of its own, decoded by its own Content-Type."""


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
    carrier: Carrier = Carrier.TEXT
    """What carries it in a form."""


class ParameterPlan(Struct, frozen=True, kw_only=True):
    """One value that is read from path, query, header, cookie or form, shared by all arguments that ask for it."""

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
    examples: Mapping[str, Any] = field(default_factory=dict)
    """By their names; the only one of a marker's ``example=`` has none."""

    @property
    def field(self) -> FieldPlan:
        """The only field of a parameter that is no model."""
        return self.fields[0]


class BodyKind(Enum):
    """How a body is read."""

    TYPED = "typed"
    """Decoded by the format of its Content-Type."""
    BYTES = "bytes"
    TEXT = "text"
    STREAM = "stream"
    """Given to the handler while it arrives."""
    FORM = "form"
    """Into the parameters whose source is the form."""
    PARTS = "parts"
    """Part by part, given to the handler while they arrive."""


class BodyMember(Struct, frozen=True, kw_only=True):
    """One argument that is a key of the object in the body."""

    name: str
    variable: str


class BodyPlan(Struct, frozen=True, kw_only=True):
    """The body of a request."""

    annotation: Any
    type: inspect.Type
    required: bool
    kind: BodyKind = BodyKind.TYPED
    default: Any = field(default_factory=_no_default)
    media_types: tuple[str, ...] = ("application/json",)
    """What is read, as clients are told; ``*/*`` is anything."""
    members: tuple[BodyMember, ...] = ()
    """The arguments that share an object, where the body is not one argument alone."""
    has_files: bool = False
    description: str | None = None
    examples: Mapping[str, Any] = field(default_factory=dict)


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
    PRECONDITIONS = "preconditions"
    """What the request says of the version that it means."""
    SERVICE = "service"
    SERVICES = "services"
    """All implementations of one type, as a list."""
    CREDENTIAL = "credential"
    """Who the credentials of the request belong to."""
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


class VerificationPlan(Struct, frozen=True, kw_only=True):
    """One kind of credentials, and how it is verified."""

    scheme: SecurityScheme
    """With all scopes that the route asks for."""
    call: Call
    """The scheme's ``verify``, with the arguments that follow the credentials."""
    synchronous: bool


class CredentialPlan(Struct, frozen=True, kw_only=True):
    """Credentials that a route verifies with its guards, once, whoever asks for them."""

    variable: str
    """Holds what ``verify`` gave."""
    asked: Credentials
    verifications: tuple[VerificationPlan, ...]
    """The alternatives, the first of which that finds its credentials counts."""
    optional: bool
    guards: tuple[str, ...]
    """The guards in whose place it stands; without one, all guards come before it."""
    services: tuple[str, ...]
    """The variables of the services that are made before it."""


class Encoding(Enum):
    """How a handler's value becomes a body."""

    NONE = "none"
    TEXT = "text"
    BYTES = "bytes"
    MSGSPEC = "msgspec"
    ORJSON = "orjson"
    PASS = "pass"  # noqa: S105  no secret
    """A response of aiohttp's or ours, sent as it is."""


class MediaPlan(Struct, frozen=True, kw_only=True):
    """One media type in which a handler's value is written."""

    media_type: str
    """As Content-Type has it, with its parameters."""
    encode: Callable[[Any], bytes]
    listed: bool = True
    """Whether the document names it; aliases are answered only."""


class StreamKind(Enum):
    """How the items of a stream stand in its body."""

    LINES = "JSON lines"
    BYTES = "bytes"
    TEXT = "text"
    EVENTS = "server-sent events"


class StreamPlan(Struct, frozen=True, kw_only=True):
    """An answer whose body is made item by item while it is sent."""

    kind: StreamKind
    awaited: bool
    """Whether the handler is a coroutine that returns the iterator, and not a generator itself."""
    keep_alive: float | None = None
    """Seconds of silence after which an event stream sends a comment."""


class ResponsePlan(Struct, frozen=True, kw_only=True):
    """What the return annotation of a handler and the options of its route decide."""

    annotation: Any
    """The type of the value in the body, ``None`` where there is no body; that of one item, in a stream."""
    status: int
    encoding: Encoding
    media: tuple[MediaPlan, ...] = ()
    """What a client may choose from by Accept; the first where it says nothing. None where there is no body."""
    strict: bool = True
    """Whether a client that accepts none of them is refused (406) before the handler runs."""
    may_be_response: bool = False
    """Whether the annotation admits a ready response beside (or instead of) the value."""
    value_headers: Mapping[str, str] = field(default_factory=dict)
    """The headers that the value itself adds to its answer (see :class:`framework.typedefs.HasHeaders`), described."""
    may_be_file: bool = False
    """Whether that response may be a FileResponse."""
    names_file: bool = False
    """Whether the annotation names a FileResponse, not just some response."""
    redirects: bool = False
    """Whether it names a Redirect."""
    headers: tuple[tuple[str, str], ...] = ()
    """What every good answer carries: Vary, Cache-Control."""
    etag: bool | Callable[[Any], Any] = False
    """Where the entity tag comes from: the bytes of the body, or a function of the value."""
    last_modified: Callable[[Any], Any] | None = None
    """When the value last changed."""
    ranges: bool = False
    """Whether a part of the body may be asked for."""
    typed_headers: type[Any] | None = None
    """The Struct of the headers that the handler sets."""

    stream: StreamPlan | None = None

    @property
    def media_type(self) -> str | None:
        """What is answered where the client says nothing."""
        return self.media[0].media_type if self.media else None

    @property
    def negotiated(self) -> bool:
        """Whether the client has a choice."""
        return len(self.media) > 1

    @property
    def conditional(self) -> bool:
        """Whether the client may say which version it has."""
        return bool(self.etag) or self.last_modified is not None


class LayerPlan(Struct, frozen=True, kw_only=True):
    """The guards, middlewares and exception handlers that one level declares, as variables of the emitted code."""

    level: str
    """Where they were declared, as explain() names it: ``app``, ``router /v1``, ``OrderController``, …"""
    middlewares: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    credentials: Mapping[str, Credentials] = field(default_factory=dict)
    """Those of the guards that the route itself verifies."""
    security: tuple[SecurityRequirement, ...] = ()
    """What the other guards say that they ask for."""
    exception_handlers: Mapping[type[Exception] | int, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """What the variables stand for, as it was declared: ``{"measure_s3": "measure"}``."""


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
    require_precondition: bool = False
    """Whether a request without a precondition is refused (428)."""
    takes_preconditions: bool = False
    """Whether the handler compares preconditions itself."""
    formats: tuple[Format, ...]
    """Of bodies and answers that have a type; the first is the one that counts where the client says nothing."""
    limits: Limits
    """With nothing left out."""
    credentials: tuple[CredentialPlan, ...] = ()
    """In the order in which they are verified."""
    security: tuple[SecurityRequirement, ...] = ()
    """What guards and providers say that they ask for and verify themselves."""
    socket: SocketPlan | None = None
    """What makes the route a web socket; its method is GET then, and it is no operation of the document."""
    raises: tuple[type[HTTPError], ...] = ()
    tags: tuple[str, ...] = ()
    summary: str | None = None
    description: str | None = None
    operation_id: str | None = None
    deprecated: bool = False
    deprecation: Deprecation | None = None
    """What each answer says of it, where more is known than that it is deprecated."""
    in_document: bool = True
    examples: Mapping[str, Any] = field(default_factory=dict)
    """Of the successful answer, by their names."""
    extra: Mapping[str, Any] | None = None
