"""Deprecation of routes: since when a route is deprecated, and when it will be removed."""

from datetime import UTC, date, datetime, time
from email.utils import formatdate

from msgspec import Struct

from framework._inspect.calls import ExplainedMeta

__all__ = ("Deprecation", "seconds")


class Deprecation(Struct, frozen=True, kw_only=True, metaclass=ExplainedMeta):
    """The headers of each response of a deprecated route; a date means midnight UTC."""

    since: date | datetime
    """The ``Deprecation`` header (RFC 9745)."""
    sunset: date | datetime | None = None
    """When the route will be removed: the ``Sunset`` header (RFC 8594)."""
    link: str | None = None
    """A page for clients: a ``Link`` header with the relation ``deprecation``, and ``sunset`` if there is a sunset."""

    def headers(self) -> dict[str, str]:
        """Return the headers of each response."""
        headers = {"Deprecation": f"@{seconds(self.since)}"}
        if self.sunset is not None:
            headers["Sunset"] = formatdate(seconds(self.sunset), usegmt=True)
        if self.link is not None:
            relations = ("deprecation",) if self.sunset is None else ("deprecation", "sunset")
            headers["Link"] = ", ".join(f'<{self.link}>; rel="{one}"' for one in relations)
        return headers


def seconds(moment: date | datetime) -> int:
    """Return a date or datetime in seconds since 1970."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), UTC)
    return int(moment.timestamp())
