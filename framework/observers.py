"""Observers: see every request begin and end, without a part in its response."""

from typing import Any

from aiohttp import web
from msgspec import Struct

__all__ = ("Observation", "Observer")


class Observation(Struct, frozen=True, eq=False):
    """A request that has ended, as observers see it."""

    request: web.Request
    status: int | None
    """The status of the response; of one that failed after it had begun, the status already sent. ``None`` if there
    was no response: the client left, or the server stopped, before the handler returned."""
    body_size: int
    """Bytes of the body that were sent, without the head; 0 for web sockets."""
    duration: float
    """Seconds from the beginning to the last byte."""
    exception: BaseException | None = None
    """The exception that the response was made from, or that ended it: an unhandled exception, an HTTPError, an
    HTTPException of aiohttp's, what a stream or a web socket failed with, or a cancellation. ``None`` if nothing was
    raised, or only because the client had gone."""
    client_gone: bool = False
    """Whether the client had closed the connection before the response was complete."""
    close_code: int | None = None
    """The close code of a web socket (RFC 6455, section 7.4): 1006 if the connection was lost."""

    @property
    def method(self) -> str:
        """The method of the request."""
        return self.request.method

    @property
    def route(self) -> str | None:
        """The path template of the route, ``/orders/{order_id}``; ``None`` if no route matched (404, 405)."""
        # PERF: as the method, it is looked up if an observer asks for it.
        match: Any = getattr(self.request, "_match_info", None)
        resource = None if match is None else match.route.resource
        return None if resource is None else resource.canonical


class Observer:
    """Base class of observers; both methods are optional, and are called in the order in which observers are declared.

    A subclass overrides ``begin``, ``end`` or both, as plain functions that return soon: they run on the event loop.
    What they raise is logged, and changes nothing.
    """

    def begin(self, request: web.Request) -> Any:
        """Return what ``end`` gets as ``state``; called before middlewares and routing, in the task of the request.

        Context variables set here are set for all that happens to the request, and end with its task.
        """

    def end(self, observation: Observation, state: Any) -> None:
        """Take what is known of a request when its last byte is sent, its socket is closed or its client has gone."""
