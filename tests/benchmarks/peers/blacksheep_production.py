"""The workload ``production`` of BlackSheep: its own hosts, CORS, compression and JWT; what it lacks by hand."""

import time
from typing import Any
from uuid import uuid4

from blacksheep import Application, Request, Response
from blacksheep.exceptions import HTTPException
from blacksheep.server.authentication.jwt import JWTBearerAuthentication
from blacksheep.server.authorization import auth
from blacksheep.server.compression import GzipMiddleware
from blacksheep.server.remotes.hosts import TrustedHostsMiddleware
from blacksheep.server.routing import Router
from essentials.secrets import Secret

from tests.benchmarks.production import (
    ALGORITHM,
    AUDIENCE,
    HOSTS,
    ISSUER,
    LIMIT,
    MINIMUM_SIZE,
    ORIGIN,
    SECRET,
    SECURITY_HEADERS,
    access_logger,
)

__all__ = ("production",)

_LOGGER = access_logger("bench.access")
_HEADERS = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_TOO_MANY = 429


async def log_request(request: Request, handler: Any) -> Response:
    """Give a request its id, and write a line when it has ended."""
    sent = request.get_first_header(b"x-request-id")
    known = uuid4().hex.encode() if sent is None else sent
    begun = time.perf_counter()
    response: Response = await handler(request)
    response.headers.add(b"x-request-id", known)
    _LOGGER.info(
        '%s "%s %s" %d %.6f %s',
        request.client_ip,
        request.method,
        request.path,
        response.status,
        time.perf_counter() - begun,
        known.decode(),
    )
    return response


async def add_headers(request: Request, handler: Any) -> Response:
    """Add the security headers."""
    response: Response = await handler(request)
    for name, value in _HEADERS:
        response.headers.add(name, value)
    return response


class FixedWindow:
    """Counts requests by client and minute: the simplest limit there is."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: dict[str, int] = {}

    async def __call__(self, request: Request, handler: Any) -> Response:
        """Count a request, and tell what is left."""
        now = time.monotonic()
        minute = int(now // 60)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        client = request.client_ip
        count = self._counts[client] = self._counts.get(client, 0) + 1
        if count > LIMIT:
            raise HTTPException(_TOO_MANY)
        response: Response = await handler(request)
        response.headers.add(b"ratelimit", f'"minute";r={LIMIT - count};t={60 - int(now % 60)}'.encode())
        return response


def production(small: Any) -> Application:
    """Return the application with its middlewares, the outermost first."""
    app = Application(router=Router())
    app.use_cors(allow_methods="GET", allow_origins=ORIGIN)
    app.use_authentication().add(
        JWTBearerAuthentication(
            valid_audiences=[AUDIENCE],
            valid_issuers=[ISSUER],
            algorithms=[ALGORITHM],
            secret_key=Secret(SECRET, direct_value=True),
        )
    )
    app.use_authorization()
    app.middlewares.extend(
        [
            log_request,
            # It has no patterns for subdomains.
            TrustedHostsMiddleware(allowed_hosts=list(HOSTS[:1])),
            add_headers,
            GzipMiddleware(min_size=MINIMUM_SIZE),
            FixedWindow(),
        ]
    )
    app.router.add_get("/json", auth()(small))
    return app
