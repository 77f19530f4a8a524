"""What is around all routes, from the outside to the inside. Another order is an error at start-up."""

from framework.layers import Layer
from framework.middleware import (
    CORS,
    ConcurrencyLimit,
    HTTPSRedirect,
    ProxyHeaders,
    RequestID,
    SecurityHeaders,
    TrustedHosts,
)

from shop.settings import Settings

A_YEAR = 31_536_000


def create_middlewares(settings: Settings) -> list[Layer]:
    """Return the middlewares. Proxies, hosts and origins are those that the settings name."""
    middlewares: list[Layer] = []
    if settings.proxies:
        middlewares.append(ProxyHeaders(trusted=settings.proxies))
    middlewares.append(RequestID())
    if settings.hosts:
        middlewares.append(TrustedHosts(*settings.hosts))
    if settings.production:
        middlewares.append(HTTPSRedirect())
    middlewares.append(SecurityHeaders(hsts=A_YEAR if settings.production else None))
    if settings.origins:
        middlewares.append(CORS(origins=settings.origins, expose=("Location", "X-Request-ID")))
    middlewares.append(ConcurrencyLimit(200))
    return middlewares
