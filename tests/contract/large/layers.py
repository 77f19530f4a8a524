"""Guards, middlewares and exception handlers, around handlers and around everything."""

from typing import Annotated

from aiohttp import web

from framework import Controller, Header, Request, Response, get
from framework.http_errors import Forbidden, NotFound, Unauthorized
from framework.typedefs import CallNext
from tests.contract.large.types import Name, Small

__all__ = ("CurrentUser", "GuardedController", "HandledController", "count_bytes", "current_user")


async def require_key(request: Request) -> None:
    """Let in who knows the key."""
    key = request.headers.get("X-Key")
    if key is None:
        raise Unauthorized(headers={"WWW-Authenticate": "Key"})
    if key != "open":
        raise Forbidden


class CurrentUser:
    """Who is asking."""

    def __init__(self, name: str) -> None:
        self.name = name


async def current_user(x_user: Annotated[Name, Header(description="Who is asking.")]) -> CurrentUser:
    """Read who is asking."""
    return CurrentUser(x_user)


class GuardedController(Controller):
    """Behind a guard, with a service that reads the request."""

    path = "/guarded"
    tags = ("guarded",)
    guards = (require_key,)

    @get("/me", raises=(Unauthorized, Forbidden), operation_id="me", summary="Who am I?")
    async def me(self, user: CurrentUser) -> str:
        """Return who is asking."""
        return user.name

    @get("/hidden", in_document=False)
    async def hidden(self) -> str:
        """Stand in no document."""
        return "hidden"


async def count_bytes(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Tell in a header how long the path is."""
    response = await call_next(request)
    response.headers["X-Path-Length"] = str(len(request.path))
    return response


class Marker:
    """Marks answers; made by the container."""

    async def __call__(self, request: Request, call_next: CallNext) -> web.StreamResponse:
        """Mark an answer."""
        response = await call_next(request)
        response.headers["X-Marked"] = "yes"
        return response


async def no_such_key(request: Request, error: KeyError) -> Response[dict[str, str | int]]:
    """Answer for dictionaries."""
    problem: dict[str, str | int] = {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": f"No such key: {error.args[0]}",
        "instance": request.raw_path.partition("?")[0],
    }
    return Response(problem, status=404, media_type="application/problem+json")


class HandledController(Controller):
    """Where errors of the language become answers."""

    path = "/handled"
    tags = ("guarded",)
    middlewares = (Marker,)
    exception_handlers = {KeyError: no_such_key}  # noqa: RUF012  as users write it

    @get("/{key}", raises=(NotFound,))
    async def show(self, key: Small) -> str:
        """Look into a dictionary."""
        return {1: "one", 2: "two"}[key]
