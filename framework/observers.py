"""Observers see every request begin and end, and cannot change the response."""

from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web
from msgspec import Struct

__all__ = ("Observation", "Observer")


class Observation(Struct, frozen=True, eq=False):
    """A request that has ended, as observers see it."""

    request: web.Request
    status: int | None
    """The status of the response; of one that failed after it had begun, the status already sent. ``None`` if there
    was no response: the client disconnected, or the server stopped, before the handler returned."""
    body_size: int
    """Bytes of the body that were sent, without the head; 0 for web sockets."""
    duration: float
    """Seconds from the beginning to the last byte."""
    exception: BaseException | None = None
    """The exception that the response was made from, or that ended it: an unhandled exception, an HTTPError, an
    HTTPException of aiohttp's, the error of a stream or a web socket, or a cancellation. ``None`` if nothing was
    raised, or only because the client had disconnected."""
    client_gone: bool = False
    """Whether the client had closed the connection before the response was complete."""
    close_code: int | None = None
    """The close code of a web socket (RFC 6455, section 7.4): 1006 if the connection was lost."""

    @property
    def method(self) -> str:
        """The method of the request."""
        # PERF: the property of the request makes a dictionary for it first.
        try:
            method: str | None = self.request._method  # noqa: SLF001  as said
        except AttributeError:
            method = None
        return method or self.request.method

    @property
    def route(self) -> str | None:
        """The path template of the route, ``/orders/{order_id}``; ``None`` if no route matched (404, 405)."""
        # PERF: like the method, it is looked up only when an observer reads it.
        match: Any = getattr(self.request, "_match_info", None)
        try:
            # The matches of the framework's protocol know it.
            return match.template  # type: ignore[no-any-return]  # declared there
        except AttributeError:
            resource = None if match is None else match.route.resource
            return None if resource is None else resource.canonical

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata of the route; empty if no handler of a controller responded."""
        # PERF: like the route; an access log reads it for each request.
        match: Any = getattr(self.request, "_match_info", None)
        try:
            return match.metadata  # type: ignore[no-any-return]  # declared there
        except AttributeError:
            info: Any = None if match is None else getattr(match.route, "info", None)
            return {} if info is None else info.metadata

    @property
    def labels(self) -> tuple[str, str | None, int | None]:
        """Method, route and status: what requests are counted by."""
        # PERF: one call, where the other properties take two: 1 % of a small response.
        request: Any = self.request
        try:
            return request._method, request._match_info.template, self.status  # noqa: SLF001  as in method and route
        except AttributeError:
            return self.method, self.route, self.status


class Observer:
    """Base class of observers; both methods are optional, and are called in the order in which observers are declared.

    A subclass overrides ``begin``, ``end`` or both, as plain functions that return quickly: they run on the event loop.
    Their exceptions are logged and have no other effect.
    """

    def begin(self, request: web.Request) -> Any:
        """Return what ``end`` gets as ``state``; called before middlewares and routing, in the task of the request.

        Context variables that are set here apply to the whole request, and end with its task.
        """

    def end(self, observation: Observation, state: Any) -> None:
        """Receive the observation after the last byte is sent, the socket is closed, or the client has disconnected."""

    def mistakes(self) -> Iterable[tuple[str, str]]:
        """Return what is wrong with the options of an observer, each with a hint; reported when the app is built."""
        return ()
