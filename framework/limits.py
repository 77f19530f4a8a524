"""Limits: what a request may cost, for an app, a router, a controller or a route."""

from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import asdict, replace

__all__ = ("DEFAULT_LIMITS", "Limits")

_INHERITED: Any = UNSET


class Limits(Struct, frozen=True, kw_only=True):
    """What a request may cost; what is left out is as on the level around, and in the end :data:`DEFAULT_LIMITS`."""

    body: int = _INHERITED
    """The most bytes of a request body, decoded; more is answered with 413."""
    parts: int = _INHERITED
    """The most fields and files of a form; more is answered with 413."""
    field: int = _INHERITED
    """The most bytes of one field of a form; more is answered with 413."""
    file: int | None = _INHERITED
    """The most bytes of one file of a form, ``None`` for no limit but that of the body; more is answered with 413."""
    body_rate: int = _INHERITED
    """Bytes per second; a body that arrives slower, after ``body_grace`` seconds, is answered with 408. 0 for none."""
    body_grace: float = _INHERITED
    """Seconds that the client may take before ``body_rate`` counts."""
    head_timeout: float | None = _INHERITED
    """Seconds that the head of a request may take; then the response is 408, or the connection is closed if nothing of
    it has come. ``None`` for no limit. It counts for the app, since the route is not known before its end."""
    write_timeout: float | None = _INHERITED
    """Seconds for which a client may take nothing of an answer before it is cut off; ``None`` for no limit."""
    message: int = _INHERITED
    """The most bytes of one message on a web socket; more closes it with 1009."""
    timeout: float | None = _INHERITED
    """Seconds after which a request is answered with 503; ``None`` for no limit."""

    def within(self, outer: "Limits") -> "Limits":
        """Return these limits, with those of the level around where nothing is said."""
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
)
"""What holds where nobody says otherwise."""
