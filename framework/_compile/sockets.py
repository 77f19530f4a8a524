"""Plans the messages of web sockets, checks their handlers, and registers open sockets with the application."""

import typing
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web
from msgspec import inspect

from framework._compile.binding.binder import RequestBinder
from framework._compile.declarations.collect import Mounted
from framework._inspect.names import type_name
from framework._inspect.signatures import MISSING, Parameter, Signature, is_async, is_generator
from framework._inspect.types import kind_of, unsupported, without_none
from framework._plan import (
    ArgumentPlan,
    BodyKind,
    Encoding,
    Frames,
    MessagePlan,
    Provision,
    ResponsePlan,
    RoutePlan,
    SocketPlan,
)
from framework._serve.sockets.registry import SOCKETS, OpenSockets
from framework._serve.sockets.websocket import WebSocket
from framework.errors import InvalidSocketError, MissingReturnAnnotationError
from framework.formats import JSON

__all__ = ("UPGRADED", "argument_of_socket", "binding_method", "is_socket", "plan_socket", "tie_sockets")

UPGRADED = ResponsePlan(annotation=None, status=101, encoding=Encoding.NONE)
"""The response of a route that is a web socket."""
_HEARTBEAT = 20.0
_MESSAGE_KINDS = frozenset({BodyKind.TYPED, BodyKind.BYTES, BodyKind.TEXT})


def is_socket(annotation: Any) -> bool:
    """Return whether a parameter is the web socket itself."""
    return annotation is WebSocket or typing.get_origin(annotation) is WebSocket


def binding_method(mounted: Mounted, signature: Signature, method: str) -> str:
    """Return the method whose rules bind the parameters: the message of a listener is bound like a body."""
    if not mounted.socket:
        return method
    return "a web socket" if _socket_parameters(signature) else "POST"


def argument_of_socket(mounted: Mounted, parameter: Parameter) -> ArgumentPlan:
    """Return the argument that is the web socket; raises InvalidSocketError."""
    if not mounted.socket:
        raise InvalidSocketError(
            f"{mounted.where}, parameter {parameter.name!r}",
            f"the route of a {type_name(parameter.annotation)} is not a web socket",
            hint="decorate the handler with @websocket()",
        )
    return ArgumentPlan(
        name=parameter.name, provision=Provision.SOCKET, variables=("socket",), positional=parameter.positional
    )


def plan_socket(mounted: Mounted, signature: Signature, binder: RequestBinder) -> SocketPlan:
    """Plan the messages of a web socket after its handler's parameters are bound; raises InvalidSocketError."""
    options: Mapping[str, Any] = mounted.options
    if is_generator(mounted.function):
        raise InvalidSocketError(
            mounted.where,
            "the handler of a web socket yields",
            hint="send with socket.send(), or take a message and return what is sent back",
        )
    if not is_async(mounted.function):
        raise InvalidSocketError(
            mounted.where, "the handler of a web socket is a plain function", hint="write it as async def"
        )
    sockets = _socket_parameters(signature)
    incoming, outgoing = _both_ways(mounted, signature, sockets) if sockets else _listened(mounted, signature, binder)
    origins = options.get("origins")
    return SocketPlan(
        incoming=incoming,
        outgoing=outgoing,
        listener=not sockets,
        format=options.get("format", JSON),
        invalid=options.get("invalid", "close"),
        origins=None if origins is None else tuple(origins),
        subprotocols=tuple(options.get("subprotocols", ())),
        heartbeat=options.get("heartbeat", _HEARTBEAT),
        compress=options.get("compress", True),
    )


def _socket_parameters(signature: Signature) -> list[Parameter]:
    return [one for one in signature.parameters if is_socket(one.annotation)]


def _both_ways(mounted: Mounted, signature: Signature, sockets: list[Parameter]) -> tuple[MessagePlan, MessagePlan]:
    if len(sockets) > 1:
        names = ", ".join(repr(one.name) for one in sockets)
        raise InvalidSocketError(mounted.where, f"several parameters take the web socket: {names}", hint="take it once")
    if signature.returns not in (MISSING, None, type(None)):
        raise InvalidSocketError(
            mounted.where,
            f"it takes the web socket and returns {type_name(signature.returns)}",
            hint="annotate it -> None and send with socket.send(), or take the message instead of the web socket",
        )
    (socket,) = sockets
    where = f"{mounted.where}, parameter {socket.name!r}"
    arguments = typing.get_args(socket.annotation)
    if not arguments:
        raise InvalidSocketError(
            where, "WebSocket does not say which messages come and go", hint="write WebSocket[Incoming, Outgoing]"
        )
    return (
        _message(where, arguments[0], "read from a web socket", written=False),
        _message(where, arguments[-1], "written to a web socket", written=True),
    )


def _listened(mounted: Mounted, signature: Signature, binder: RequestBinder) -> tuple[MessagePlan, MessagePlan | None]:
    if binder.body is None:
        raise InvalidSocketError(
            mounted.where,
            "no parameter takes the web socket or a message",
            hint="add socket: WebSocket[Incoming, Outgoing], or message: Incoming "
            "(Annotated[str, Body()] where it is not a Struct)",
        )
    if binder.body.kind not in _MESSAGE_KINDS or binder.body.members:
        raise InvalidSocketError(
            mounted.where,
            "its message would be a form, a stream or the value of several parameters",
            hint="take it by one parameter",
        )
    if not binder.body.required:
        raise InvalidSocketError(
            mounted.where, "the parameter that takes the messages has a default", hint="take the default out"
        )
    if signature.returns is MISSING:
        raise MissingReturnAnnotationError(
            mounted.where,
            hint="say what is sent back, for example -> Answer | None, or -> None for nothing",
        )
    incoming = _message(mounted.where, binder.body.annotation, "read from a web socket", written=False)
    returned = without_none(signature.returns)
    if returned in (None, type(None)):
        return incoming, None
    return incoming, _message(mounted.where, returned, "written to a web socket", written=True)


_RAW: dict[Any, Frames] = {str: Frames.TEXT, bytes: Frames.BINARY}
# Not a type of msgspec: text and base64 cannot be told apart in JSON.
_EITHER = inspect.UnionType((inspect.StrType(), inspect.BytesType()))


def _message(where: str, annotation: Any, doing: str, *, written: bool) -> MessagePlan:
    if annotation == str | bytes:
        return MessagePlan(annotation=annotation, type=_EITHER, frames=Frames.EITHER)
    refused = unsupported(annotation, written=written)
    if refused is not None:
        raise InvalidSocketError(
            where,
            f"{type_name(annotation)} cannot be {doing} ({refused.reason})",
            hint=refused.hint
            or "use str, bytes, builtins, a msgspec Struct, a dataclass, a TypedDict, or a tagged union of Structs",
        )
    frames = next((one for raw, one in _RAW.items() if raw is annotation), Frames.TYPED)
    return MessagePlan(annotation=annotation, type=kind_of(annotation), frames=frames)


def tie_sockets(application: web.Application, routes: Iterable[RoutePlan]) -> None:
    """Let an application with web sockets keep the open ones, and close them when it stops."""
    if SOCKETS in application or all(one.socket is None for one in routes):
        return
    sockets = application[SOCKETS] = OpenSockets()
    application.on_shutdown.append(sockets.close)
