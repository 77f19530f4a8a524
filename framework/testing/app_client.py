"""A client that calls handlers with typed arguments and returns typed values."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar, overload

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, WSServerHandshakeError, hdrs, web
from aiohttp.test_utils import TestClient
from multidict import CIMultiDict
from yarl import URL

from framework.app import App
from framework.formats import JSON
from framework.operations import Operation
from framework.responses import Event, EventStream, Response
from framework.security import JWT
from framework.testing.login import Identity, api_key_identity, basic_identity, bearer_identity, issuer_of
from framework.testing.replies import Reader, Reply
from framework.testing.streams import EventReader, TestSocket
from framework.testing.unexpected import unexpected
from framework.testing.writing import PROVIDED, OutgoingRequest, choose, name_arguments, write_request
from framework.websockets import WebSocket

__all__ = ("AppClient", "AppClientFactory", "keep_refusal")

_P = ParamSpec("_P")
_T = TypeVar("_T")
_In = TypeVar("_In")
_Out = TypeVar("_Out")
_SWITCHING, _OK = 101, 200
# To pyright, a generator with this annotation is a coroutine.
_Events: TypeAlias = EventStream[_T] | Awaitable[EventStream[_T]]
_Opened: TypeAlias = AbstractAsyncContextManager[_T]
# aiohttp's error for a refused handshake has no body.
_BODY: ContextVar[bytes] = ContextVar("body of a refused handshake", default=b"")


async def keep_refusal(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Read the body of a refused handshake, as a client middleware of aiohttp."""
    response = await handler(request)
    if response.status != _SWITCHING and hdrs.UPGRADE in request.headers:
        _BODY.set(await response.read())
    return response


class AppClient:
    """A client of a served app: ``await client.call(OrderController.show, order_id=7)`` returns an ``Order``.

    Arguments are the parameters of the handler, positional or by name. Type checkers check them, and know the type of
    the result. ``request``, ``get``, ``post``, … send any request by path, as aiohttp's test client does.
    """

    def __init__(
        self,
        app: App,
        http: TestClient[web.Request, web.Application],
        identity: Identity | None = None,
        prefix: str = "",
    ) -> None:
        self.app = app
        self.http = http
        """aiohttp's test client, which sends no credentials of ``with_credentials``."""
        self._identity = identity or Identity()
        self._prefix = prefix

    @cached_property
    def _operations(self) -> Sequence[Operation]:
        return [one for one in self.app.operations() if f"{one.path}/".startswith(f"{self._prefix}/")]

    def under(self, prefix: str) -> "AppClient":
        """Return a client for the handlers below a path, ``client.under("/v2")``, if some are on several paths."""
        return AppClient(self.app, self.http, self._identity, prefix.rstrip("/"))

    # A coroutine with a Response, a stream, any other coroutine, a plain function.
    @overload
    async def call(
        self, handler: Callable[Concatenate[Any, _P], Awaitable[Response[_T]]], /, *args: _P.args, **named: _P.kwargs
    ) -> _T: ...
    @overload
    async def call(
        self, handler: Callable[Concatenate[Any, _P], AsyncIterator[_T]], /, *args: _P.args, **named: _P.kwargs
    ) -> list[_T]: ...
    @overload
    async def call(
        self, handler: Callable[Concatenate[Any, _P], Awaitable[_T]], /, *args: _P.args, **named: _P.kwargs
    ) -> _T: ...
    @overload
    async def call(self, handler: Callable[Concatenate[Any, _P], _T], /, *args: _P.args, **named: _P.kwargs) -> _T: ...
    async def call(self, handler: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        """Send the request that calls a handler with these arguments, and return the decoded value.

        Raises ProblemError for a problem, UnexpectedStatus for another status that is not 2xx, TypeError for arguments
        that no client can send, and LookupError for a handler that is not a route of the app.
        """
        return (await self._send(handler, args, named)).value

    @overload
    async def send(
        self, handler: Callable[Concatenate[Any, _P], Awaitable[Response[_T]]], /, *args: _P.args, **named: _P.kwargs
    ) -> Reply[_T]: ...
    @overload
    async def send(
        self, handler: Callable[Concatenate[Any, _P], AsyncIterator[_T]], /, *args: _P.args, **named: _P.kwargs
    ) -> Reply[list[_T]]: ...
    @overload
    async def send(
        self, handler: Callable[Concatenate[Any, _P], Awaitable[_T]], /, *args: _P.args, **named: _P.kwargs
    ) -> Reply[_T]: ...
    @overload
    async def send(
        self, handler: Callable[Concatenate[Any, _P], _T], /, *args: _P.args, **named: _P.kwargs
    ) -> Reply[_T]: ...
    async def send(self, handler: Callable[..., Any], /, *args: Any, **named: Any) -> Reply[Any]:
        """Send the request that calls a handler, and return the response whatever its status is.

        ``reply.status``, ``reply.headers``, ``reply.body``; ``reply.value`` is what ``call`` returns. Redirects are not
        followed. Raises as ``call`` does for wrong arguments.
        """
        return await self._send(handler, args, named)

    async def _send(self, handler: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]) -> Reply[Any]:
        operation, url, request = await self._prepare(handler, args, named)
        async with self._open(operation, url, request) as response:
            body = await response.read()
            read = Reader(operation, self.app.formats)
            label = f"{operation.method} {url.raw_path}"
            return Reply(label, response.status, response.headers, body, read=read)

    async def _prepare(
        self, handler: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]
    ) -> tuple[Operation, URL, OutgoingRequest]:
        given = name_arguments(handler, args, named)
        operation = choose(self._operations, handler, given)
        request = await write_request(operation, given)
        url = URL(request.path, encoded=True)
        return operation, url.with_query([*request.query, *self._identity.query.items()]), request

    @asynccontextmanager
    async def _open(self, operation: Operation, url: URL, request: OutgoingRequest) -> AsyncIterator[ClientResponse]:
        async with self.http.request(
            operation.method,
            url,
            headers=[*self._identity.headers.items(), *request.headers],
            cookies=self._identity.cookies | request.cookies,
            data=request.data,
            allow_redirects=False,
        ) as response:
            yield response

    @overload
    def events(
        self, handler: Callable[Concatenate[Any, _P], _Events[Event[_T]]], /, *args: _P.args, **named: _P.kwargs
    ) -> _Opened[EventReader[_T]]: ...
    @overload
    def events(
        self, handler: Callable[Concatenate[Any, _P], _Events[_T]], /, *args: _P.args, **named: _P.kwargs
    ) -> _Opened[EventReader[_T]]: ...
    def events(self, handler: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        """Open an event stream: ``async with client.events(OrderController.feed) as events: await events.next()``.

        Raises as ``call`` does if the response is not a success.
        """
        return self._events(handler, args, named)

    @asynccontextmanager
    async def _events(
        self, handler: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]
    ) -> AsyncIterator[EventReader[Any]]:
        operation, url, request = await self._prepare(handler, args, named)
        async with self._open(operation, url, request) as response:
            if response.status != _OK:
                label = f"{operation.method} {url.raw_path}"
                raise unexpected(label, response.status, response.headers, await response.read())
            decode = bytes.decode if operation.result is str else JSON.decoder(operation.result)
            yield EventReader(response, decode)
            # The stream may be endless.
            response.close()

    # The handler of a connection, whose first parameter is the socket; the handler of each message; any other order.
    @overload
    def socket(
        self,
        handler: Callable[Concatenate[Any, WebSocket[_In, _Out], _P], Awaitable[None]],
        /,
        *args: _P.args,
        **named: _P.kwargs,
    ) -> _Opened[TestSocket[_In, _Out]]: ...
    @overload
    def socket(
        self, handler: Callable[Concatenate[Any, _In, _P], Awaitable[_Out]], /, *args: _P.args, **named: _P.kwargs
    ) -> _Opened[TestSocket[_In, _Out]]: ...
    @overload
    def socket(self, handler: Callable[..., Any], /, *args: Any, **named: Any) -> _Opened[TestSocket[Any, Any]]: ...
    def socket(self, handler: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        """Open a web socket: ``async with client.socket(ChatController.talk, room="hall") as socket``.

        The arguments follow the parameter for the socket or the message. Its messages are typed if that is the first
        parameter. Raises ProblemError or UnexpectedStatus if the handshake is refused.
        """
        return self._socket(handler, args, named)

    @asynccontextmanager
    async def _socket(
        self, handler: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]
    ) -> AsyncIterator[TestSocket[Any, Any]]:
        # The first parameter is the socket or the message.
        operation, url, request = await self._prepare(handler, (PROVIDED, *args) if args else (), named)
        if operation.incoming is None:
            raise LookupError(f"{operation.name} is not a web socket")
        headers = [*self._identity.headers.items(), *request.headers]
        cookies = "; ".join(f"{name}={one}" for name, one in (self._identity.cookies | request.cookies).items())
        if cookies:
            headers.append(("Cookie", cookies))
        try:
            opened = await self.http.ws_connect(url, headers=CIMultiDict(headers))
        except WSServerHandshakeError as error:
            raise unexpected(f"WEBSOCKET {url.raw_path}", error.status, error.headers or {}, _BODY.get()) from error
        async with opened:
            yield TestSocket(opened, operation.incoming, operation.outgoing)

    def request(self, method: str, path: str | URL, **options: Any) -> Any:
        """Send any request; ``options`` are those of aiohttp's client. Use it with ``await`` or ``async with``."""
        own = self._identity
        options["headers"] = {**own.headers, **dict(options.get("headers") or {})}
        options["cookies"] = {**own.cookies, **dict(options.get("cookies") or {})}
        return self.http.request(method, URL(path).update_query(own.query) if own.query else path, **options)

    def with_credentials(
        self,
        *,
        bearer: str | None = None,
        basic: tuple[str, str] | None = None,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> "AppClient":
        """Return a client of the same server that sends credentials with every request.

        ``api_key`` is sent where the app reads it; ``headers`` and ``cookies`` are sent as they are. Raises LookupError
        if the app reads API keys in several places, or nowhere.
        """
        made = self._identity.and_also(Identity(headers=dict(headers or {}), cookies=dict(cookies or {})))
        if bearer is not None:
            made = made.and_also(bearer_identity(bearer))
        if basic is not None:
            made = made.and_also(basic_identity(*basic))
        if api_key is not None:
            made = made.and_also(api_key_identity(api_key, self._operations))
        return AppClient(self.app, self.http, made, self._prefix)

    def logged_in(self, user: Any, *, jwt: JWT[Any] | None = None) -> "AppClient":
        """Return a client that sends a token of ``user``, issued by the app's JWT.

        Raises LookupError if the app has several JWTs, or none, and InvalidSecurityError if the JWT has no private key.
        """
        return self.with_credentials(bearer=(jwt or issuer_of(self._operations)).issue(user))


AppClientFactory: TypeAlias = Callable[..., Awaitable[AppClient]]
"""The fixture ``app_client``: ``client = await app_client(app)``."""
