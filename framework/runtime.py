"""The running application, as its services see it."""

from collections.abc import Awaitable, Callable, Sized
from typing import Any, NamedTuple, TypeVar, overload

from aiohttp import web

__all__ = ("OPEN", "RUNTIMES", "OpenConnections", "Runtime", "open_connections")

_T = TypeVar("_T")


class Runtime:
    """Calls functions with injected services, and knows when the application stops.

    A controller or a service declares a parameter of this type. A controller lists the functions that it calls in
    ``injected_calls``, so that their parameters are checked when the app is built.
    """

    def __init__(self, prepare: Callable[..., Callable[[], Awaitable[Any]]]) -> None:
        self._prepare = prepare
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether the application has begun to stop; requests that have arrived are still served."""
        return self._stopping

    def begin_stopping(self) -> None:
        """Mark the application as stopping; it is called on shutdown, before connections are closed.

        A server that goes on serving for a while before it stops calls it earlier: ``application[RUNTIMES]``.
        """
        self._stopping = True

    @overload
    async def call(self, function: Callable[..., Awaitable[_T]], /, *args: Any, **keywords: Any) -> _T: ...
    @overload
    async def call(self, function: Callable[..., _T], /, *args: Any, **keywords: Any) -> _T: ...
    async def call(self, function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Any:
        """Call a function, async or plain (in a worker thread), in a scope of its own, and return its result.

        The given arguments are bound as in any call; all other parameters are injected by their types. Raises the
        exceptions of the function and of cleanups, TypeError for arguments that do not fit, and DefinitionError (an
        ExceptionGroup of several) for parameters that cannot be injected.
        """
        return await self._prepare(function, args, keywords)()


RUNTIMES = web.AppKey("framework.runtimes", list[Runtime])
"""The key of an ``aiohttp.web.Application`` to the runtimes of the apps in it, for servers that drain."""


class OpenConnections(NamedTuple):
    """How many responses of an application go on for as long as their client likes."""

    streams: int
    sockets: int


OPEN = web.AppKey("framework.open", tuple[Sized, Sized])
"""The key of an ``aiohttp.web.Application`` to its open streams and its open web sockets."""


def open_connections(application: web.Application) -> OpenConnections:
    """Return how many streams and web sockets of an application are open in this process."""
    streams, sockets = application.get(OPEN, ((), ()))
    return OpenConnections(len(streams), len(sockets))
