"""What is around the routes, from the outside to the inside. Another order is an error at start-up."""

from app_template.pages.visit import Visit
from app_template.settings import Settings
from framework.layers import Layer
from framework.middleware import (
    CORS,
    CSRF,
    ConcurrencyLimit,
    HTTPSRedirect,
    ProxyHeaders,
    RequestID,
    SecurityHeaders,
    Sessions,
    TrustedHosts,
)
from framework.stores import Store

__all__ = ("PAGE_POLICY", "create_middlewares")

# Response headers that pages of other origins may read.
_EXPOSED = ("Link", "Location", "X-Request-ID")
_A_YEAR = 31_536_000
# Pages load their own files and nothing else; no other page can frame them.
PAGE_POLICY = SecurityHeaders(
    csp={
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": ("'self'", "data:"),
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
)


def create_middlewares(settings: Settings, store: Store) -> list[Layer]:
    """Return the middlewares. Proxies, hosts and origins are those that the settings name."""
    middlewares: list[Layer] = []
    if settings.proxies:
        middlewares.append(ProxyHeaders(trusted=settings.proxies))
    middlewares.append(RequestID())
    if settings.hosts:
        middlewares.append(TrustedHosts(*settings.hosts))
    if settings.production:
        middlewares.append(HTTPSRedirect())
    middlewares.append(SecurityHeaders(hsts=_A_YEAR if settings.production else None))
    if settings.origins:
        middlewares.append(CORS(origins=settings.origins, expose=_EXPOSED))
    middlewares += [ConcurrencyLimit(200), Sessions(Visit, store=store, owner=owner), CSRF(secret=settings.secret)]
    return middlewares


def owner(visit: Visit) -> str | None:
    """Return whose session it is."""
    return None if visit.account_id is None else str(visit.account_id)
