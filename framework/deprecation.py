"""Deprecation: since when a route is not to be used any more, and until when it answers."""

from datetime import UTC, date, datetime, time
from email.utils import formatdate

from msgspec import Struct

__all__ = ("Deprecation", "seconds")


class Deprecation(Struct, frozen=True, kw_only=True):
    """What clients of a deprecated route are told with each answer; a date is midnight UTC."""

    since: date | datetime
    """The ``Deprecation`` header (RFC 9745)."""
    sunset: date | datetime | None = None
    """When the route will be gone: the ``Sunset`` header (RFC 8594)."""
    link: str | None = None
    """Where clients read what to do: a ``Link`` header with the relations ``deprecation`` and, if so, ``sunset``."""

    def headers(self) -> dict[str, str]:
        """Return the headers of each answer."""
        headers = {"Deprecation": f"@{seconds(self.since)}"}
        if self.sunset is not None:
            headers["Sunset"] = formatdate(seconds(self.sunset), usegmt=True)
        if self.link is not None:
            relations = ["deprecation"] + ["sunset"] * (self.sunset is not None)
            headers["Link"] = ", ".join(f'<{self.link}>; rel="{one}"' for one in relations)
        return headers


def seconds(moment: date | datetime) -> int:
    """Return a moment in seconds since 1970."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), UTC)
    return int(moment.timestamp())
