"""How the time in which a process must stop is divided."""

from msgspec import Struct

__all__ = ("StopTimes",)

_REQUESTS, _TASKS, _SERVICES = 0.7, 0.85, 0.95


class StopTimes(Struct, frozen=True, kw_only=True):
    """The parts of a stop; in seconds since its beginning, or a duration where that is written."""

    announce: float
    """Clients may send requests on connections that they have."""
    requests: float
    """Requests may run."""
    cancel: float
    """The duration of each of the two steps in which a request is cancelled."""
    cleanup: float
    """The duration of the cleanup of requests that were cancelled."""
    tasks: float
    """Background tasks may run."""
    services: float
    """Services may close."""

    @classmethod
    def within(cls, graceful: float, *, announce: float) -> "StopTimes":
        """Divide ``graceful`` seconds; the last twentieth is left for the end of the process."""
        return cls(
            announce=min(announce, _REQUESTS * graceful),
            requests=_REQUESTS * graceful,
            cancel=0.01 * graceful,
            cleanup=0.05 * graceful,
            tasks=_TASKS * graceful,
            services=_SERVICES * graceful,
        )
