"""Limits of size and time for requests, on an app, a router, a controller or a route."""

from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import asdict, replace

from framework._inspect.calls import ExplainedMeta

__all__ = ("DEFAULT_LIMITS", "Limits")

_INHERITED: Any = UNSET


class Limits(Struct, frozen=True, kw_only=True, metaclass=ExplainedMeta):
    """Limits of a request. An omitted limit is that of the enclosing level, finally of :data:`DEFAULT_LIMITS`."""

    body: int = _INHERITED
    """The maximum size in bytes of a request body, after decompression; more is a 413."""
    parts: int = _INHERITED
    """The maximum number of fields and files of a form; more is a 413."""
    field: int = _INHERITED
    """The maximum size in bytes of one field of a form; more is a 413."""
    file: int | None = _INHERITED
    """The maximum size in bytes of one file of a form; more is a 413. ``None``: only the limit of the body applies."""
    body_rate: int = _INHERITED
    """The minimum rate in bytes per second, after ``body_grace`` seconds; a slower body is a 408. 0 for no limit."""
    body_grace: float = _INHERITED
    """Seconds before ``body_rate`` applies."""
    head_timeout: float | None = _INHERITED
    """Seconds that the head of a request may take; then the response is 408, or the connection is closed if no byte has
    arrived. ``None`` for no limit. It is a limit of the app, because the route is not known before the end of the
    head."""
    write_timeout: float | None = _INHERITED
    """Seconds that a client may read nothing of a response before it is disconnected; ``None`` for no limit."""
    message: int = _INHERITED
    """The maximum size in bytes of one message on a web socket; more closes it with 1009."""
    timeout: float | None = _INHERITED
    """Seconds after which the response is 503; ``None`` for no limit."""
    outlive_credentials: bool = _INHERITED
    """Whether streams and web sockets continue when the credentials of their request have expired."""

    def within(self, outer: "Limits") -> "Limits":
        """Return these limits, with omitted limits taken from the enclosing level."""
        return replace(outer, **{name: value for name, value in asdict(self).items() if value is not UNSET})


DEFAULT_LIMITS = Limits(
    body=1_048_576,
    parts=1_000,
    field=1_048_576,
    file=None,
    body_rate=240,
    body_grace=5.0,
    head_timeout=10.0,
    write_timeout=30.0,
    message=1_048_576,
    timeout=None,
    outlive_credentials=False,
)
"""The default limits."""
