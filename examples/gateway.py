"""A gateway: an existing ASGI application is served below a path, behind the login and the limits of this one."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Annotated, Any

from msgspec import Struct

from framework import App, Controller, OpenAPI, get
from framework.asgi import Mount
from framework.middleware import RateLimit, RequestID
from framework.security import APIKey

__all__ = ("app", "create_app")

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def legacy(scope: _Scope, receive: _Receive, send: _Send) -> None:
    """Stand for an application of FastAPI, Starlette or Django: say what was asked."""
    if scope["type"] != "http":
        return
    await receive()
    text = f"{scope['method']} {scope['path'].removeprefix(scope['root_path'])}"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": text.encode()})


class Partner(Struct, frozen=True):
    """Who has a key."""

    name: str


async def known_partner(key: str) -> Partner | None:
    """Return the owner of a key."""
    return {"k-acme": Partner("acme")}.get(key)


_KEY = APIKey(known_partner, header="X-API-Key")


class StatusController(Controller):
    """The gateway's own routes."""

    @get("/status")
    async def status(self, partner: Annotated[Partner, _KEY]) -> Partner:
        """Return who is asking."""
        return partner


def create_app() -> App:
    """Return the gateway. The guard and the layers cover the mounted application too."""
    return App(
        [StatusController, Mount("/legacy", legacy, with_lifespan=False)],
        default_guard=_KEY,
        middlewares=[RequestID(), RateLimit("100/minute")],
        openapi=OpenAPI(title="Gateway"),
    )


app = create_app()
