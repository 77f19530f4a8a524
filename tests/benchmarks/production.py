"""What the workload ``production`` sends, and the settings that all servers have for it.

The hosts, the origin, the keys and the limit are those of every server. The limit is never reached, and records go to
a handler that drops them: what is measured is a request that passes.
"""

import hashlib
import hmac
import json
import logging
from base64 import urlsafe_b64encode

__all__ = (
    "ALGORITHM",
    "AUDIENCE",
    "HEADERS",
    "HOSTS",
    "ISSUER",
    "LIMIT",
    "MINIMUM_SIZE",
    "ORIGIN",
    "SECRET",
    "SECURITY_HEADERS",
    "access_logger",
)

HOST = "api.shop.example"
HOSTS = (HOST, "*.cdn.shop.example")
ORIGIN = "https://app.shop.example"
MINIMUM_SIZE = 500
LIMIT = 1_000_000_000
"""Requests in a minute."""
ALGORITHM = "HS256"
"""The one that is cheapest to verify: it favours servers that verify each token again."""
SECRET = "benchmark-of-production-with-at-least-32-bytes"  # noqa: S105  no secret
ISSUER = "https://id.shop.example"
AUDIENCE = "shop"
_CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": 1_700_000_000, "exp": 4_102_444_800}
"""Until the year 2100."""
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Those that SecurityHeaders() adds, for servers without a middleware for them."""


def _part(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _token() -> str:
    head, claims = (_part(json.dumps(one).encode()) for one in ({"alg": ALGORITHM, "typ": "JWT"}, _CLAIMS))
    signature = hmac.digest(SECRET.encode(), f"{head}.{claims}".encode(), hashlib.sha256)
    return f"{head}.{claims}.{_part(signature)}"


HEADERS = {
    "Host": HOST,
    "origin": ORIGIN,
    "accept-encoding": "gzip, deflate, br",
    "authorization": f"Bearer {_token()}",
}
"""The headers of a request of a page; some servers compare the port of ``Host``, so it has none."""


def access_logger(name: str) -> logging.Logger:
    """Return a logger that makes records and drops them."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [logging.NullHandler()]
    return logger
