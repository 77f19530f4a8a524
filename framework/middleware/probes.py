"""Which routes are probes: a load balancer requests them by address and over plain HTTP, also while the app is busy."""

from framework.errors import InvalidLayerError
from framework.routing import RouteInfo

__all__ = ("is_probe",)

_METADATA = "probe"


def is_probe(route: RouteInfo | None) -> bool:
    """Return whether a route is a probe: its metadata has ``{"probe": True}``. Raises InvalidLayerError."""
    if route is None:
        return False
    given: object = route.metadata.get(_METADATA, False)
    if not isinstance(given, bool):
        what = f"its metadata {_METADATA!r} is {given!r}"
        raise InvalidLayerError(route.handler, what, hint='write metadata={"probe": True} for a route that is a probe')
    return given
