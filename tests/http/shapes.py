"""The shapes that all tests through HTTP compare with: problems, faults, and how an app is served."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from framework import App, Controller, Router, post

__all__ = ("LOGGERS", "Serve", "app_of", "echoing", "fault", "invalid", "logged", "problem", "reading", "web_server_of")

LOGGERS = ("framework", "aiohttp.server", "aiohttp.web")
"""Where the framework and aiohttp write what went wrong."""


# RFC 9110, section 15; written out, since Python's own phrases changed with 3.13.
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    422: "Unprocessable Content",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}


class Serve(Protocol):
    """Serves an app until the test ends; ``runner`` are settings of aiohttp's AppRunner."""

    def __call__(self, app: App | web.Application, **runner: Any) -> Awaitable[TestServer]:
        """Serve an app."""
        ...


def app_of(*controllers: type[Controller] | Router, **settings: Any) -> App:
    """Return an app of controllers without a document."""
    return App(controllers, **{"openapi": None, **settings})


def reading(decorator: Callable[[Any], Any], annotation: Any, *default: Any) -> type[Controller]:
    """Return a controller whose only handler answers the ``repr`` of its one parameter, ``value``."""

    async def read(_: Controller, value: Any) -> str:
        return repr(value)

    read.__annotations__ = {"value": annotation, "return": str}
    read.__defaults__ = default or None
    return type("Reading", (Controller,), {"read": decorator(read)})


def echoing(name: str, **bodies: Any) -> type[Controller]:
    """Return a controller that sends back what it reads: ``POST /line`` for ``line=Line``."""

    def handler(annotation: Any) -> Callable[..., Any]:
        async def echo(_: Controller, body: Any) -> Any:
            return body

        echo.__annotations__ = {"body": annotation, "return": annotation}
        return echo

    return type(name, (Controller,), {path: post(f"/{path}")(handler(one)) for path, one in bodies.items()})


def web_server_of(server: TestServer) -> web.Server:
    """Return aiohttp's server below a test server, which makes the protocol of each connection."""
    assert server.runner is not None
    assert server.runner.server is not None
    return server.runner.server


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the framework and aiohttp have logged."""
    return [one.getMessage() for one in caplog.records if one.name in LOGGERS]


def problem(status: int, instance: str, detail: str | None = None, **members: Any) -> dict[str, Any]:
    """Return the body of a problem (RFC 9457)."""
    body: dict[str, Any] = {"type": "about:blank", "title": _TITLES[status], "status": status}
    if detail is not None:
        body["detail"] = detail
    return {**body, "instance": instance, **members}


def fault(location: str, pointer: str, code: str, detail: str) -> dict[str, str]:
    """Return one entry of a problem's ``errors``."""
    return {"location": location, "pointer": pointer, "code": code, "detail": detail}


def invalid(instance: str, *faults: dict[str, str]) -> dict[str, Any]:
    """Return the body of a 422 with these faults."""
    detail = f"{len(faults)} error{'' if len(faults) == 1 else 's'} in the request"
    return problem(422, instance, detail, errors=list(faults))
