"""The workload ``production`` of Litestar: its own middlewares and JWT; ids of requests, which it lacks, by hand."""

from typing import Any

from litestar import Litestar
from litestar.config.allowed_hosts import AllowedHostsConfig
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.connection import ASGIConnection
from litestar.datastructures import ResponseHeader
from litestar.logging.config import LoggingConfig
from litestar.middleware import DefineMiddleware
from litestar.middleware.logging import LoggingMiddlewareConfig
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.security.jwt import JWTAuth, Token

from tests.benchmarks.peers.asgi_layers import RequestID
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
)

__all__ = ("production",)

_LOGGING = LoggingConfig(
    handlers={"queue_listener": {"class": "logging.NullHandler"}},
    loggers={"litestar": {"level": "INFO", "handlers": ["queue_listener"], "propagate": False}},
)


async def owner(token: Token, connection: ASGIConnection[Any, Any, Any, Any]) -> str:  # noqa: ARG001  Litestar gives it
    """Return the owner of a verified token."""
    return token.sub


def production(handlers: Any) -> Litestar:
    """Return the application with its middlewares, the outermost first."""
    tokens = JWTAuth[str](
        token_secret=SECRET,
        algorithm=ALGORITHM,
        retrieve_user_handler=owner,
        accepted_audiences=[AUDIENCE],
        accepted_issuers=[ISSUER],
    )
    log = LoggingMiddlewareConfig(request_log_fields=("path", "method", "query"), response_log_fields=("status_code",))
    return Litestar(
        handlers,
        allowed_hosts=AllowedHostsConfig(allowed_hosts=list(HOSTS)),
        cors_config=CORSConfig(allow_origins=[ORIGIN]),
        compression_config=CompressionConfig(backend="gzip", minimum_size=MINIMUM_SIZE),
        response_headers=[ResponseHeader(name=name, value=value) for name, value in SECURITY_HEADERS.items()],
        middleware=[
            DefineMiddleware(RequestID),
            log.middleware,
            RateLimitConfig(rate_limit=("minute", LIMIT)).middleware,
        ],
        on_app_init=[tokens.on_app_init],
        logging_config=_LOGGING,
    )
