"""Calls of an ASGI application without a server."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from framework.asgi import ASGIApp

__all__ = ("Reply", "call", "http_scope", "lifespan")


@dataclass
class Reply:
    """What an application has sent."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The status of the response."""
        status: int = self.messages[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response."""
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(one["body"] for one in self.messages[1:])


def http_scope(method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Return the scope of a request, as uvicorn makes it."""
    target, _, query = path.partition("?")
    given = {"host": "shop.example", **(headers or {})}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": target,
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("192.0.2.1", 4711),
        "server": ("127.0.0.1", 8000),
        **more,
    }


async def call(app: ASGIApp, scope: dict[str, Any], *chunks: bytes, then: Sequence[dict[str, Any]] = ()) -> Reply:
    """Send a request with its body in chunks, then other messages; return the response."""
    bodies = chunks or (b"",)
    last = len(bodies) - 1
    waiting = [{"type": "http.request", "body": one, "more_body": at < last} for at, one in enumerate(bodies)]
    messages: list[dict[str, Any]] = [*waiting, *then]
    reply = Reply()

    async def receive() -> dict[str, Any]:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    async def send(message: Any) -> None:
        reply.messages.append(dict(message))

    await app(scope, receive, send)
    return reply


class lifespan:  # noqa: N801  a context manager
    """Starts an application at the beginning of a block, and stops it at its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._sent: asyncio.Queue[Any] = asyncio.Queue()
        self._asked: asyncio.Queue[Any] = asyncio.Queue()

    async def __aenter__(self) -> dict[str, Any]:
        self._task = asyncio.create_task(self._app({"type": "lifespan"}, self._asked.get, self._sent.put))
        await self._asked.put({"type": "lifespan.startup"})
        message: dict[str, Any] = await self._sent.get()
        return message

    async def __aexit__(self, *_: object) -> None:
        if not self._task.done():
            await self._asked.put({"type": "lifespan.shutdown"})
            assert await self._sent.get() == {"type": "lifespan.shutdown.complete"}
        await self._task
