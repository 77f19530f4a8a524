"""Compiled middlewares for the tests: one that traces what happens, one that has constant headers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from aiohttp import web

from framework import Request
from framework.layers import Layer, Steps
from framework.routing import RouteInfo
from framework.typedefs import CallNext
from tests.http.frames import handshake
from tests.http.raw import Answer, Server, connect

__all__ = ("Fixed", "Nearest", "Trace", "Traced", "called", "shake_hands")


@dataclass(frozen=True, kw_only=True)
class Traced(Layer):
    """Notes when its steps run; ``before`` and ``after`` do more."""

    name: str
    trace: list[str]
    plain: bool = True
    behind_guards: bool = False
    after_validation: bool = False
    before: Callable[[web.Request], web.StreamResponse | None] = lambda _: None
    after: Callable[[web.StreamResponse], web.StreamResponse] = lambda response: response

    def compile(self, _: RouteInfo | None) -> Steps:
        """Return both steps, plain or async."""

        def before(request: web.Request) -> web.StreamResponse | None:
            self.trace.append(f">{self.name}")
            return self.before(request)

        def after(_: web.Request, response: web.StreamResponse) -> web.StreamResponse:
            self.trace.append(f"<{self.name} {response.status}")
            return self.after(response)

        async def async_before(request: web.Request) -> web.StreamResponse | None:
            return before(request)

        async def async_after(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
            return after(request, response)

        return Steps(
            before=before if self.plain else async_before,
            after=after if self.plain else async_after,
            behind_guards=self.behind_guards,
            after_validation=self.after_validation,
        )


Trace = list[str]


@dataclass(frozen=True)
class Fixed(Layer):
    """Has constant headers."""

    headers: dict[str, str] = field(default_factory=dict)

    def compile(self, _: RouteInfo | None) -> Steps:
        """Return the headers."""
        return Steps(headers=self.headers)


@dataclass(frozen=True)
class Nearest(Layer):
    """Names itself in a header, and of several the innermost counts."""

    nearest: ClassVar[bool] = True

    name: str

    def compile(self, _: RouteInfo | None) -> Steps:
        """Return the header."""
        return Steps(headers={"X-Nearest": self.name})


def called(name: str, trace: Trace) -> Any:
    """Return a middleware of a user's own that notes when it is called."""

    async def middleware(request: Request, call_next: CallNext) -> web.StreamResponse:
        trace.append(f">{name}")
        response = await call_next(request)
        trace.append(f"<{name} {response.status}")
        return response

    return middleware


async def shake_hands(server: Server, path: str, **headers: str) -> Answer:
    """Ask for a web socket on a fresh connection, and return the response."""
    async with connect(server) as connection:
        return await connection.exchange(handshake(path, **headers))
